import { useCallback } from "react";
import { api } from "@/api/console";
import { readEvents } from "@/api/sse";
import type { AppDetail } from "@/api/types";
import { followRun, stopRun } from "./store";
import type { RunRequest } from "./useAppRun";

/** Runs a text generator with its saved configuration. */
export function useCompletion({ id, model_config }: AppDetail) {
  const start = useCallback(
    ({ inputs }: RunRequest) => {
      const body = { inputs, query: "", files: [], model_config, response_mode: "streaming" };
      return followRun(id, async (signal) =>
        readEvents(await api.stream(`/apps/${id}/completion-messages`, body, signal)),
      );
    },
    [id, model_config],
  );
  const stop = useCallback(
    () => stopRun(id, (taskId) => api.post(`/apps/${id}/completion-messages/${taskId}/stop`)),
    [id],
  );
  return { start, stop };
}
