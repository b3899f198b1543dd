import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "@/api/console";
import type { JsonObject } from "@/api/json";
import { readEvents } from "@/api/sse";
import type { AppMode } from "@/api/types";
import { idleRun, isLive } from "@/graph/run";
import { followRun, stopRun, useRuns } from "./store";

export interface RunRequest {
  inputs: JsonObject;
  /** For chatflows. */
  query?: string;
}

/** Starts and stops runs of an app's draft. */
export function useAppRun(appId: string, mode: AppMode) {
  const cache = useQueryClient();

  const start = useCallback(
    async ({ inputs, query }: RunRequest) => {
      if (isLive(useRuns.getState().byApp[appId] ?? idleRun)) return;
      const chat = mode === "advanced-chat";
      const path = `/apps/${appId}/${chat ? "advanced-chat/" : ""}workflows/draft/run`;
      const body = chat ? { inputs, query, files: [], conversation_id: "" } : { inputs, files: [] };
      await followRun(appId, async (signal) => readEvents(await api.stream(path, body, signal)));
      await cache.invalidateQueries({ queryKey: ["app", appId, "runs"] });
    },
    [appId, mode, cache],
  );

  const stop = useCallback(
    () => stopRun(appId, (taskId) => api.post(`/apps/${appId}/workflow-runs/tasks/${taskId}/stop`)),
    [appId],
  );

  return { start, stop };
}
