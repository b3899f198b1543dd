import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeOpenMarks } from "./tail";

describe("closeOpenMarks", () => {
  it.each([
    ["plain text", "plain text"],
    ["some **bol", "some **bol**"],
    ["some **", "some **"],
    ["a *b **c", "a *b **c***"],
    ["run `npm i", "run `npm i`"],
    ["run ``a`b", "run ``a`b``"],
    ["see [the docs](https://exa", "see the docs"],
    ["see [the do", "see the do"],
    ["image ![alt](https://x", "image "],
    ["done [a](b) yes", "done [a](b) yes"],
    ["title\n--", "title\n"],
    ["list\n- ", "list\n"],
    ["text\n``", "text\n"],
    ["| a | b |", ""],
    ["words\n\n| a | b |\n|--", "words\n\n"],
    ["| a | b |\n|---|---|", "| a | b |\n|---|---|"],
    ["| a | b |\n|---|---|\n| 1", "| a | b |\n|---|---|\n| 1"],
    ["```js\nlet a = **b", "```js\nlet a = **b"],
    ["```js\nlet a\n``", "```js\nlet a\n"],
    ["first **open\n\nsecond *par", "first **open\n\nsecond *par*"],
    ["escaped \\*star", "escaped \\*star"],
  ])("%j reads as %j", (text, expected) => {
    expect(closeOpenMarks(text)).toBe(expected);
  });

  it("shows what came before, whatever the end is", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (tail) => {
        expect(
          closeOpenMarks(`settled words.\n\n${tail.replace(/[`~]/g, "")}`).startsWith(
            "settled words.",
          ),
        ).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
