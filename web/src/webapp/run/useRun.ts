import { useCallback, useEffect, useRef, useState } from "react";
import type { Rating } from "@/chat/client";
import { applyAfterStop, applyToAnswer, endOfStream, failed } from "@/chat/model/answer";
import { failureOf } from "@/chat/model/failure";
import { type Answer, blankAnswer, isRunning } from "@/chat/model/message";
import type { TaskGroup, WebAppServer } from "../server/WebAppServer";

export interface RunState {
  /** Null before the first run. */
  answer: Answer | null;
  /** Set for text generators, whose results can be rated. */
  messageId: string | null;
  start: (inputs: Record<string, unknown>) => Promise<void>;
  stop: () => Promise<void>;
  rate: (rating: Rating) => Promise<void>;
  clear: () => void;
}

const routes: Record<"completion" | "workflow", { path: string; group: TaskGroup }> = {
  completion: { path: "/completion-messages", group: "completion-messages" },
  workflow: { path: "/workflows/run", group: "workflows/tasks" },
};

/** One run at a time, with its result as it comes in. */
export function useRun(server: WebAppServer, kind: "completion" | "workflow"): RunState {
  const { path, group } = routes[kind];
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [messageId, setMessageId] = useState<string | null>(null);
  const current = useRef<{ abort: AbortController; answer: Answer; stopped: boolean } | null>(null);
  useEffect(() => () => current.current?.abort.abort(), []);

  const start = useCallback(
    async (inputs: Record<string, unknown>) => {
      const run = { abort: new AbortController(), answer: blankAnswer, stopped: false };
      current.current?.abort.abort();
      current.current = run;
      setMessageId(null);
      let drawn = 0;
      const draw = (now: Answer): void => {
        run.answer = now;
        if (current.current !== run) return;
        // Text comes faster than frames: one drawing for all that came meanwhile.
        cancelAnimationFrame(drawn);
        drawn = requestAnimationFrame(() => current.current === run && setAnswer(run.answer));
      };
      setAnswer(blankAnswer);
      try {
        for await (const event of server.stream(path, { inputs, files: [] }, run.abort.signal)) {
          if (event.message_id && current.current === run) setMessageId(event.message_id);
          draw((run.stopped ? applyAfterStop : applyToAnswer)(run.answer, event));
        }
        draw(endOfStream(run.answer, run.stopped));
      } catch (error) {
        draw(run.stopped ? endOfStream(run.answer, true) : failed(run.answer, failureOf(error)));
      }
      cancelAnimationFrame(drawn);
      if (current.current === run) setAnswer(run.answer);
    },
    [server, path],
  );

  const stop = useCallback(async () => {
    const run = current.current;
    if (!run || !isRunning(run.answer)) return;
    run.stopped = true;
    const task = run.answer.taskId;
    if (task) await server.stop(group, task).catch(() => undefined);
    // The server ends the stream itself where it heeds the stop; this makes sure.
    setTimeout(() => run.abort.abort(), task ? 1500 : 0);
  }, [server, group]);

  const rate = useCallback(
    async (rating: Rating) => {
      const before = answer?.feedback ?? null;
      const mark = (feedback: Rating): void => setAnswer((now) => now && { ...now, feedback });
      if (!messageId) return;
      mark(rating);
      await server.feedback(messageId, rating).catch(() => mark(before));
    },
    [server, messageId, answer?.feedback],
  );

  const clear = useCallback(() => {
    current.current?.abort.abort();
    current.current = null;
    setAnswer(null);
  }, []);

  return { answer, messageId, start, stop, rate, clear };
}
