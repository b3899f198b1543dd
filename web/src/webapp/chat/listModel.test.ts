import { describe, expect, it } from "vitest";
import {
  emptyLists,
  find,
  type Lists,
  withChange,
  withNew,
  without,
  withPage,
  withPin,
} from "./listModel";

const one = (id: string, updated_at = 0) => ({ id, name: id, updated_at });
const ids = (lists: Lists) => [
  lists.pinned.map((c) => c.id).join(""),
  lists.recent.map((c) => c.id).join(""),
];
const lists: Lists = { pinned: [one("p", 9)], recent: [one("c", 7), one("b", 5), one("a", 3)] };

describe("the list of conversations", () => {
  it("pins to the top and unpins to its place in time", () => {
    expect(ids(withPin(lists, "b", true))).toEqual(["bp", "ca"]);
    expect(ids(withPin(withPin(lists, "b", true), "b", false))).toEqual(["p", "cba"]);
    expect(ids(withPin(lists, "p", false))).toEqual(["", "pcba"]);
  });

  it("takes new ones, pages and changes, each once", () => {
    expect(ids(withNew(lists, one("n", 10)))).toEqual(["p", "ncba"]);
    expect(withNew(lists, one("p"))).toBe(lists);
    expect(ids(withPage(lists, [one("a"), one("z")]))).toEqual(["p", "cbaz"]);
    expect(find(withChange(lists, "a", { name: "new" }), "a")?.name).toBe("new");
    expect(ids(without(lists, "c"))).toEqual(["p", "ba"]);
    expect(ids(emptyLists)).toEqual(["", ""]);
  });
});
