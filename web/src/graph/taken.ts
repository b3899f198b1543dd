/** Which edges a run has gone along. */
import { isObject } from "@/api/json";
import type { Graph } from "./model";
import type { NodeRun, RunState } from "./run";

/** Ids of the edges taken so far. */
export function takenEdges(graph: Graph, state: RunState): Set<string> {
  const newest = (nodeId: string): NodeRun | undefined => state.runs[state.latest[nodeId] ?? ""];
  const taken = new Set<string>();
  for (const edge of graph.edges) {
    const source = newest(edge.source);
    // The entry of a container has no execution of its own in older records.
    const entry = graph.nodes.find(({ id }) => id === edge.source);
    const passed = source ? leaves(source, edge.handle) : entry?.type.endsWith("-start") === true;
    if (passed && newest(edge.target)) taken.add(edge.id);
  }
  return taken;
}

/** True when a finished execution went out by this handle. */
function leaves(run: NodeRun, handle: string): boolean {
  if (run.status === "exception")
    return handle === "fail-branch" || run.metadata?.error_strategy !== "fail-branch";
  if (run.status !== "succeeded") return false;
  const outputs = isObject(run.outputs) ? run.outputs : {};
  if (run.type === "if-else") {
    const chosen = outputs.selected_case_id;
    if (typeof chosen === "string" && chosen) return handle === chosen;
    return typeof outputs.result === "boolean" ? handle === String(outputs.result) : true;
  }
  if (run.type === "question-classifier")
    return outputs.class_id === undefined || handle === outputs.class_id;
  if (run.type === "human-input")
    return outputs.__action_id === undefined || handle === outputs.__action_id;
  return handle !== "fail-branch";
}
