import { describe, expect, it } from "vitest";
import type { GraphJson } from "@/api/types";
import { needsLayout } from "@/graph/layout";
import { parseGraph, startVariables } from "@/graph/model";
import { firstDraft } from "./firstDraft";

const titles = { start: "S", llm: "M", answer: "A", end: "E" };

describe("firstDraft", () => {
  it("is a chain from start to end, laid out", () => {
    for (const [mode, chain] of [
      ["workflow", ["start", "end"]],
      ["advanced-chat", ["start", "llm", "answer"]],
    ] as const) {
      const graph = parseGraph(firstDraft(mode, null, titles).graph as unknown as GraphJson);
      expect(graph.nodes.map(({ type }) => type)).toEqual(chain);
      expect(graph.edges.map(({ source, target }) => [source, target])).toEqual(
        chain.slice(1).map((target, at) => [chain[at], target]),
      );
      expect(needsLayout(graph)).toBe(false);
    }
  });

  it("asks for a text and uses the default model", () => {
    const workflow = parseGraph(firstDraft("workflow", null, titles).graph as unknown as GraphJson);
    expect(startVariables(workflow)).toMatchObject([{ variable: "text", required: true }]);
    const model = { model: "m", model_type: "llm", provider: { provider: "a/b/c" } };
    const chat = parseGraph(
      firstDraft("advanced-chat", model, titles).graph as unknown as GraphJson,
    );
    expect(chat.nodes[1]?.data.model).toMatchObject({ provider: "a/b/c", name: "m" });
  });
});
