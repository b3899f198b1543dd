import { describe, expect, it } from "vitest";
import { nextSentences } from "./Announcer";

describe("nextSentences", () => {
  it.each([
    ["One. Two", 0, "One."],
    ["One. Two", 4, ""],
    ["One. Two! Thr", 4, " Two!"],
    ["3.14 is pi", 0, ""],
    ["你好。再见", 0, "你好。"],
    ["line\nnext", 0, "line\n"],
  ])("of %j from %d reads %j", (text, from, expected) => {
    expect(nextSentences(text, from)).toBe(expected);
  });
});
