import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blankAnswer, type Turn } from "./message";
import { NIL_PARENT, prepend, threadOf } from "./thread";

const turn = (id: string, parentId: string | null): Turn => ({
  key: id,
  id,
  parentId,
  query: id,
  files: [],
  answer: blankAnswer,
});
const path = (turns: Turn[], choices: Record<string, string> = {}): string =>
  threadOf(turns, choices)
    .map((entry) => entry.turn.key)
    .join("");

describe("threadOf", () => {
  it("follows parents", () => {
    expect(path([turn("a", null), turn("b", "a"), turn("c", "b")])).toBe("abc");
  });

  it("shows the branch with the newest turn, and the chosen one when there is a choice", () => {
    const turns = [turn("a", null), turn("b", "a"), turn("c", "b"), turn("d", "a"), turn("e", "b")];
    expect(path(turns)).toBe("abe");
    expect(path(turns, { a: "d" })).toBe("ad");
    expect(path(turns, { b: "c" })).toBe("abc");
    expect(threadOf(turns, {})[1]?.siblings.map((each) => each.key)).toEqual(["b", "d"]);
  });

  it("knows two first questions as siblings", () => {
    const turns = [turn("a", null), turn("b", null)];
    expect(path(turns)).toBe("b");
    expect(threadOf(turns, {})[0]?.siblings).toHaveLength(2);
  });

  it("puts messages of the service API one after another", () => {
    expect(path([turn("a", NIL_PARENT), turn("b", NIL_PARENT), turn("c", NIL_PARENT)])).toBe("abc");
  });

  it("begins at what is loaded when the parent is on an older page", () => {
    const page = [turn("c", "b"), turn("d", "c")];
    expect(path(page)).toBe("cd");
    expect(path(prepend([turn("a", null), turn("b", "a")], page))).toBe("abcd");
  });

  it("ends, and shows no turn twice, for any parents", () => {
    const ids = ["a", "b", "c", "d", "e", "f"];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(null, NIL_PARENT, ...ids), { minLength: 6, maxLength: 6 }),
        (parents) => {
          const thread = threadOf(
            ids.map((id, index) => turn(id, parents[index] ?? null)),
            {},
          );
          expect(new Set(thread.map((entry) => entry.turn.key)).size).toBe(thread.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("prepend", () => {
  it("does not repeat turns that are there already", () => {
    expect(
      prepend([turn("a", null), turn("b", "a")], [turn("b", "a"), turn("c", "b")]).map(
        (each) => each.key,
      ),
    ).toEqual(["a", "b", "c"]);
  });
});
