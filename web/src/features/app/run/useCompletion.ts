import { useCallback } from "react";
import { api } from "@/api/console";
import { readEvents } from "@/api/sse";
import type { AppDetail } from "@/api/types";
import { idleRun, isLive } from "@/graph/run";
import { errorText } from "@/ui/errorText";
import { useRuns } from "./store";
import type { RunRequest } from "./useAppRun";

/** Runs a text generator with its saved configuration. */
export function useCompletion(app: AppDetail) {
  const { id, model_config } = app;
  const start = useCallback(
    async ({ inputs }: RunRequest) => {
      const { set, apply } = useRuns.getState();
      set(id, { ...idleRun, status: "starting", began: performance.now() });
      try {
        const body = { inputs, query: "", files: [], model_config, response_mode: "streaming" };
        for await (const event of readEvents(
          await api.stream(`/apps/${id}/completion-messages`, body),
        ))
          apply(id, event);
        const after = useRuns.getState().byApp[id] ?? idleRun;
        if (isLive(after)) set(id, { ...after, status: "stopped" });
      } catch (error) {
        const after = useRuns.getState().byApp[id] ?? idleRun;
        set(id, { ...after, status: "failed", error: errorText(error) });
      }
    },
    [id, model_config],
  );
  const stop = useCallback(async () => {
    const { taskId } = useRuns.getState().byApp[id] ?? idleRun;
    if (taskId) await api.post(`/apps/${id}/completion-messages/${taskId}/stop`);
  }, [id]);
  return { start, stop };
}
