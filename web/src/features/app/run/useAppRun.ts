import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "@/api/console";
import type { JsonObject } from "@/api/json";
import { readEvents } from "@/api/sse";
import type { AppMode } from "@/api/types";
import { idleRun, isLive } from "@/graph/run";
import { errorText } from "@/ui/errorText";
import { useRuns } from "./store";

export interface RunRequest {
  inputs: JsonObject;
  /** For chatflows. */
  query?: string;
}

/** Starts and stops runs of an app's draft. */
export function useAppRun(appId: string, mode: AppMode) {
  const cache = useQueryClient();
  const { set, apply } = useRuns.getState();

  const start = useCallback(
    async ({ inputs, query }: RunRequest) => {
      const now = useRuns.getState().byApp[appId];
      if (now && isLive(now)) return;
      set(appId, { ...idleRun, status: "starting" });
      const chat = mode === "advanced-chat";
      const path = chat ? "advanced-chat/workflows/draft/run" : "workflows/draft/run";
      const body = chat ? { inputs, query, files: [], conversation_id: "" } : { inputs, files: [] };
      try {
        for await (const event of readEvents(await api.stream(`/apps/${appId}/${path}`, body)))
          apply(appId, event);
        const after = useRuns.getState().byApp[appId] ?? idleRun;
        // The connection closed without an end: the run may go on, but nobody will tell us here.
        if (isLive(after)) set(appId, { ...after, status: "stopped" });
      } catch (error) {
        const after = useRuns.getState().byApp[appId] ?? idleRun;
        set(appId, { ...after, status: "failed", error: errorText(error) });
      }
      await cache.invalidateQueries({ queryKey: ["app", appId, "runs"] });
    },
    [appId, mode, cache, set, apply],
  );

  const stop = useCallback(async () => {
    const { taskId } = useRuns.getState().byApp[appId] ?? idleRun;
    if (taskId) await api.post(`/apps/${appId}/workflow-runs/tasks/${taskId}/stop`);
  }, [appId]);

  return { start, stop };
}
