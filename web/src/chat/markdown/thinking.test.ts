import { describe, expect, it } from "vitest";
import { passages, spoken } from "./thinking";

describe("passages", () => {
  it("folds a finished thought and keeps the answer", () => {
    expect(passages("<think>\nhm\n</think>\n\nYes.")).toEqual([
      { kind: "thought", text: "hm", open: false },
      { kind: "text", text: "\n\nYes.", open: false },
    ]);
  });

  it("is still thinking without a closing tag, and hides half of one", () => {
    expect(passages("<think>hm</thi")).toEqual([{ kind: "thought", text: "hm", open: true }]);
    expect(passages("<think>")).toEqual([{ kind: "thought", text: "", open: true }]);
  });

  it("knows several thoughts", () => {
    const kinds = passages("a\n<think>b</think>c\n<think>d</think>e").map((p) => p.kind);
    expect(kinds).toEqual(["text", "thought", "text", "thought", "text"]);
  });

  it("leaves the tag alone in a sentence and in code", () => {
    const text = "The `<think>` tag.\n\n```\n<think>\n```\n";
    expect(passages(text)).toEqual([{ kind: "text", text, open: false }]);
  });

  it("copies what is said, not what is thought", () => {
    expect(spoken("<think>secret</think>\nSaid.")).toBe("Said.");
  });
});
