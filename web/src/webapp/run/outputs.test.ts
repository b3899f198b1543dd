import { describe, expect, it } from "vitest";
import { blankAnswer } from "@/chat/model/message";
import { startedRun } from "@/chat/model/steps";
import { copyableText, outputsOf } from "./outputs";

const answer = (outputs: Record<string, unknown> | null, text = "") => ({
  ...blankAnswer,
  text,
  run: { ...startedRun("r"), outputs },
});
const file = {
  dify_model_identity: "__dify__file__",
  transfer_method: "tool_file",
  url: "/files/tools/a.png",
  type: "image",
};

describe("the result of a run", () => {
  it("is the text so far, then the outputs", () => {
    expect(outputsOf(answer(null, "par"))).toEqual([{ name: null, value: "par" }]);
    expect(outputsOf(answer({ text: "whole" }, "par"))).toEqual([{ name: null, value: "whole" }]);
    expect(outputsOf(answer({}, ""))).toEqual([]);
  });

  it("names its outputs when there are several, and leaves files to be shown as files", () => {
    expect(
      outputsOf(answer({ a: "x", n: 0, list: [1], none: null, picture: file, pictures: [file] })),
    ).toEqual([
      { name: "a", value: "x" },
      { name: "n", value: 0 },
      { name: "list", value: [1] },
    ]);
  });

  it("can be copied as text", () => {
    expect(copyableText([{ name: null, value: "<think>x</think>\nYes" }])).toBe("Yes");
    expect(
      copyableText([
        { name: "a", value: "x" },
        { name: "b", value: [1] },
      ]),
    ).toBe("a:\nx\n\nb:\n[\n  1\n]");
  });
});
