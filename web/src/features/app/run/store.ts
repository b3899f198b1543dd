/** Runs begun in this tab, by app: they go on while one looks at other pages. */
import { create } from "zustand";
import type { StreamEvent } from "@/api/events";
import { idleRun, type RunState, reduceRun } from "@/graph/run";

interface RunStore {
  byApp: Record<string, RunState>;
  set: (appId: string, state: RunState) => void;
  apply: (appId: string, event: StreamEvent) => void;
}

export const useRuns = create<RunStore>()((set) => ({
  byApp: {},
  set: (appId, state) => set(({ byApp }) => ({ byApp: { ...byApp, [appId]: state } })),
  apply: (appId, event) =>
    set(({ byApp }) => {
      const before = byApp[appId] ?? idleRun;
      const after = reduceRun(before, event, performance.now());
      return after === before ? { byApp } : { byApp: { ...byApp, [appId]: after } };
    }),
}));

export function useRunState(appId: string): RunState {
  return useRuns(({ byApp }) => byApp[appId]) ?? idleRun;
}
