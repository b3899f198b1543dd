/** Runs begun in this tab, by app: they go on while one looks at other pages. */
import { create } from "zustand";
import type { StreamEvent } from "@/api/events";
import { idleRun, isLive, type RunState, reduceRun } from "@/graph/run";
import { errorText } from "@/ui/errorText";

interface RunStore {
  byApp: Record<string, RunState>;
  /** How to let go of the stream of an app's run. */
  leave: Record<string, AbortController>;
  setLeave: (appId: string, controller: AbortController) => void;
  set: (appId: string, state: RunState) => void;
  apply: (appId: string, event: StreamEvent) => void;
}

export const useRuns = create<RunStore>()((set) => ({
  byApp: {},
  leave: {},
  setLeave: (appId, controller) =>
    set(({ leave }) => ({ leave: { ...leave, [appId]: controller } })),
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

/**
 * Follows one run to its end. A run that only listens to us (no task known yet) is left by `stopRun`;
 * any other is stopped by the server, which then ends the stream itself.
 */
export async function followRun(
  appId: string,
  begin: (signal: AbortSignal) => Promise<AsyncIterable<StreamEvent>>,
): Promise<void> {
  const { set, apply, setLeave } = useRuns.getState();
  const controller = new AbortController();
  setLeave(appId, controller);
  set(appId, { ...idleRun, status: "starting", began: performance.now() });
  const now = (): RunState => useRuns.getState().byApp[appId] ?? idleRun;
  try {
    for await (const event of await begin(controller.signal)) apply(appId, event);
    // The connection closed without an end: the run may go on, but nobody will tell us here.
    if (isLive(now())) set(appId, { ...now(), status: "stopped" });
  } catch (error) {
    if (controller.signal.aborted) set(appId, { ...now(), status: "stopped" });
    else set(appId, { ...now(), status: "failed", error: errorText(error) });
  }
}

/** Stops by the server where it knows the run, else by hanging up. */
export async function stopRun(
  appId: string,
  ask: (taskId: string) => Promise<unknown>,
): Promise<void> {
  const { byApp, leave } = useRuns.getState();
  const taskId = byApp[appId]?.taskId;
  if (taskId) await ask(taskId);
  else leave[appId]?.abort();
}
