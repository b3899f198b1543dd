import { createContext, useContext } from "react";
import { idleRun, type NodeRun, type RunState } from "@/graph/run";

/** The run that the canvas shows: a live one or one of the past. */
export const RunContext = createContext<RunState>(idleRun);

/** The newest execution of one node in that run. */
export function useNodeRun(nodeId: string): NodeRun | undefined {
  const run = useContext(RunContext);
  return run.runs[run.latest[nodeId] ?? ""];
}
