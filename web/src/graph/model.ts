/** The graph of an app as the canvas sees it, read from the stored JSON. Bad parts are skipped, never thrown on. */

import { isObject, type Json, type JsonObject } from "@/api/json";
import type { GraphJson } from "@/api/types";

export interface GraphNode {
  id: string;
  /** Kind of node: `llm`, `code`, … ; `note` for sticky notes. */
  type: string;
  title: string;
  data: JsonObject;
  /** Relative to the container when there is one. */
  position: { x: number; y: number };
  /** Size on the canvas, in pixels. */
  width: number;
  height: number;
  /** The iteration or loop this node stands in. */
  parentId?: string;
  /** Ways out, top to bottom. */
  branches: Branch[];
}

export interface Branch {
  handle: string;
  /** Text of the way out; null for the only one. */
  label: string | null;
}

export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  handle: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export const NODE_WIDTH = 232;
const HEAD = 60;
const BRANCH_ROW = 24;
/** Entry of a container: an icon without words. */
const ENTRY_SIZE = 44;
const containers = new Set(["iteration", "loop"]);
const entries = new Set(["iteration-start", "loop-start"]);

export const isContainer = (type: string): boolean => containers.has(type);
export const isEntry = (type: string): boolean => entries.has(type);

export function parseGraph(json: GraphJson | null | undefined): Graph {
  const nodes = (json?.nodes ?? []).flatMap((raw) => parseNode(raw) ?? []);
  const ids = new Set(nodes.map(({ id }) => id));
  // A container missing from the file must not take its children off the canvas.
  for (const node of nodes) if (node.parentId && !ids.has(node.parentId)) delete node.parentId;
  const edges = (json?.edges ?? []).flatMap((raw, at) => {
    const { source, target, sourceHandle, id } = raw;
    if (typeof source !== "string" || typeof target !== "string") return [];
    if (!ids.has(source) || !ids.has(target)) return [];
    const handle = typeof sourceHandle === "string" && sourceHandle ? sourceHandle : "source";
    return [{ id: typeof id === "string" ? id : `edge-${at}`, source, target, handle }];
  });
  // The canvas draws containers first and refuses children that come before their parent.
  const depth = (node: GraphNode): number => (node.parentId ? 1 : 0);
  nodes.sort((a, b) => depth(a) - depth(b));
  return { nodes, edges };
}

function parseNode(raw: JsonObject): GraphNode | null {
  const data = isObject(raw.data) ? raw.data : {};
  if (typeof raw.id !== "string") return null;
  const outer = String(raw.type ?? "");
  const type = outer === "custom-note" ? "note" : String(data.type ?? "") || "note";
  const branches = branchesOf(type, data);
  const node: GraphNode = {
    id: raw.id,
    type,
    title: typeof data.title === "string" ? data.title : "",
    data,
    position: point(raw.position),
    ...sizeOf(type, raw, data, branches),
    branches,
  };
  if (typeof raw.parentId === "string") node.parentId = raw.parentId;
  return node;
}

function sizeOf(
  type: string,
  raw: JsonObject,
  data: JsonObject,
  branches: Branch[],
): { width: number; height: number } {
  if (isEntry(type)) return { width: ENTRY_SIZE, height: ENTRY_SIZE };
  const width = number(raw.width) ?? number(data.width);
  const height = number(raw.height) ?? number(data.height);
  if (isContainer(type) || type === "note") return { width: width ?? 240, height: height ?? 120 };
  const labelled = branches.filter(({ label }) => label !== null).length;
  return { width: NODE_WIDTH, height: HEAD + labelled * BRANCH_ROW };
}

/** The ways out of a node, by its kind and its error strategy. */
export function branchesOf(type: string, data: JsonObject): Branch[] {
  const plain: Branch[] =
    type === "end" || type === "note" ? [] : [{ handle: "source", label: null }];
  if (type === "if-else") {
    const cases = list(data.cases).flatMap((one, at) => {
      const handle = isObject(one) ? (one.case_id ?? one.id) : undefined;
      return typeof handle === "string" ? [{ handle, label: at === 0 ? "IF" : "ELIF" }] : [];
    });
    const known = cases.length > 0 ? cases : [{ handle: "true", label: "IF" }];
    return [...known, { handle: "false", label: "ELSE" }];
  }
  if (type === "question-classifier")
    return list(data.classes).flatMap((one) =>
      isObject(one) && typeof one.id === "string"
        ? [{ handle: one.id, label: String(one.name ?? one.id) }]
        : [],
    );
  if (type === "human-input") {
    const actions = list(data.user_actions).flatMap((one) =>
      isObject(one) && typeof one.id === "string"
        ? [{ handle: one.id, label: String(one.title ?? one.id) }]
        : [],
    );
    if (actions.length > 0) return [...actions, { handle: "__timeout", label: "⏱" }];
  }
  if (data.error_strategy === "fail-branch")
    return [
      { handle: "source", label: "✓" },
      { handle: "fail-branch", label: "✕" },
    ];
  return plain;
}

/** Ids of the nodes a node leads to or comes from, itself included. */
export function connectedTo(graph: Graph, id: string): Set<string> {
  const found = new Set([id]);
  for (const { source, target } of graph.edges) {
    if (source === id) found.add(target);
    if (target === id) found.add(source);
  }
  for (const node of graph.nodes) {
    if (node.parentId === id) found.add(node.id);
    if (node.id === id && node.parentId) found.add(node.parentId);
  }
  return found;
}

/** The start node's form, or an empty one for apps begun by a trigger. */
export function startVariables(graph: Graph): JsonObject[] {
  const start = graph.nodes.find(({ type, parentId }) => type === "start" && !parentId);
  return list(start?.data.variables).filter(isObject);
}

export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function point(value: Json | undefined): { x: number; y: number } {
  return isObject(value) ? { x: number(value.x) ?? 0, y: number(value.y) ?? 0 } : { x: 0, y: 0 };
}
