import { describe, expect, it } from "vitest";
import type { GraphJson } from "@/api/types";
import { layOut, needsLayout } from "./layout";
import { branchesOf, connectedTo, parseGraph, startVariables } from "./model";
import { noteText } from "./noteText";

const node = (id: string, type: string, more: object = {}, data: object = {}) => ({
  id,
  type: "custom",
  position: { x: 0, y: 0 },
  data: { type, title: id, ...data },
  ...more,
});
const edge = (source: string, target: string, sourceHandle?: string) => ({
  id: `${source}-${target}`,
  source,
  target,
  ...(sourceHandle ? { sourceHandle } : {}),
});
const graph = (nodes: object[], edges: object[]): GraphJson =>
  ({ nodes, edges }) as unknown as GraphJson;

describe("parseGraph", () => {
  it("takes what it can read and skips the rest", () => {
    const parsed = parseGraph(
      graph(
        [node("a", "start"), { data: {} }, node("b", "teleporter")],
        [edge("a", "b"), edge("a", "gone"), { source: 1, target: "b" }],
      ),
    );
    expect(parsed.nodes.map(({ id, type }) => [id, type])).toEqual([
      ["a", "start"],
      ["b", "teleporter"],
    ]);
    expect(parsed.edges).toEqual([{ id: "a-b", source: "a", target: "b", handle: "source" }]);
    expect(parseGraph(null)).toEqual({ nodes: [], edges: [] });
  });

  it("puts containers before their children, and frees orphans", () => {
    const { nodes } = parseGraph(
      graph(
        [
          node("in", "code", { parentId: "it" }),
          node("it", "iteration"),
          node("lost", "code", { parentId: "no" }),
        ],
        [],
      ),
    );
    expect(nodes.findIndex(({ id }) => id === "it")).toBeLessThan(
      nodes.findIndex(({ id }) => id === "in"),
    );
    expect(nodes.find(({ id }) => id === "lost")?.parentId).toBeUndefined();
  });

  it("reads sticky notes by their outer type", () => {
    const { nodes } = parseGraph(graph([{ ...node("n", ""), type: "custom-note" }], []));
    expect(nodes[0]?.type).toBe("note");
  });
});

describe("branchesOf", () => {
  it("gives a condition its cases and ELSE", () => {
    const data = { cases: [{ case_id: "true" }, { case_id: "abc" }] };
    expect(branchesOf("if-else", data).map(({ handle }) => handle)).toEqual([
      "true",
      "abc",
      "false",
    ]);
  });

  it("gives old conditions without cases two ways", () => {
    expect(branchesOf("if-else", { conditions: [] }).map(({ handle }) => handle)).toEqual([
      "true",
      "false",
    ]);
  });

  it("gives a fail branch to nodes that have one, and none to the end", () => {
    expect(
      branchesOf("http-request", { error_strategy: "fail-branch" }).map(({ handle }) => handle),
    ).toEqual(["source", "fail-branch"]);
    expect(branchesOf("end", {})).toEqual([]);
  });
});

describe("connectedTo", () => {
  it("holds neighbours, the container and the node itself", () => {
    const parsed = parseGraph(
      graph(
        [
          node("a", "start"),
          node("b", "iteration"),
          node("c", "code", { parentId: "b" }),
          node("d", "end"),
        ],
        [edge("a", "b"), edge("b", "d")],
      ),
    );
    expect([...connectedTo(parsed, "b")].sort()).toEqual(["a", "b", "c", "d"]);
    expect([...connectedTo(parsed, "c")].sort()).toEqual(["b", "c"]);
  });
});

describe("layout", () => {
  const pile = graph(
    [
      node("a", "start"),
      node("b", "llm"),
      node("c", "iteration"),
      node("d", "code", { parentId: "c" }),
      node("e", "end"),
    ],
    [edge("a", "b"), edge("b", "c"), edge("c", "e")],
  );

  it("is wanted where nodes lie on one another", () => {
    expect(needsLayout(parseGraph(pile))).toBe(true);
    const spread = graph(
      [node("a", "start"), node("b", "end", { position: { x: 300, y: 0 } })],
      [],
    );
    expect(needsLayout(parseGraph(spread))).toBe(false);
  });

  it("goes from left to right without overlaps and keeps children inside", async () => {
    const placed = await layOut(parseGraph(pile));
    const at = (id: string) => {
      const found = placed.nodes.find((one) => one.id === id);
      if (!found) throw new Error(id);
      return found;
    };
    expect(at("a").position.x + at("a").width).toBeLessThan(at("b").position.x);
    expect(at("b").position.x + at("b").width).toBeLessThan(at("c").position.x);
    const child = at("d");
    expect(child.position.x + child.width).toBeLessThan(at("c").width);
    expect(child.position.y + child.height).toBeLessThan(at("c").height);
  });
});

describe("startVariables", () => {
  it("come from the start node of the outer graph", () => {
    const parsed = parseGraph(
      graph([node("s", "start", {}, { variables: [{ variable: "x" }, "odd"] })], []),
    );
    expect(startVariables(parsed)).toEqual([{ variable: "x" }]);
  });
});

describe("noteText", () => {
  it("reads rich text line by line, and bare text as it is", () => {
    const rich = {
      root: {
        children: [
          { children: [{ text: "Two " }, { text: "parts" }] },
          { children: [] },
          { children: [{ text: "end" }] },
        ],
      },
    };
    expect(noteText(JSON.stringify(rich))).toBe("Two parts\n\nend");
    expect(noteText("plain")).toBe("plain");
    expect(noteText(undefined)).toBe("");
  });
});
