/** An answer's state, folded from the events of its stream. */
import type { StreamEvent } from "@/api/events";

import type { StoredCitation } from "../client";
import { fileKind, messageFiles } from "./files";
import { type Answer, type Citation, type Failure, isRunning, type Thought } from "./message";
import { applyToRun, interruptedRun, startedRun } from "./steps";

/** The answer after `event`. Never changes `answer`; unknown events leave it as it is. */
export function applyToAnswer(answer: Answer, event: StreamEvent): Answer {
  const next = withTask(answer, event);
  switch (event.event) {
    case "message":
    case "agent_message":
      return { ...next, status: "streaming", text: next.text + (event.answer ?? "") };
    case "text_chunk":
      return { ...next, status: "streaming", text: next.text + (event.data.text ?? "") };
    case "text_replace":
      return { ...next, text: event.data.text ?? "" };
    case "message_replace":
      return { ...next, text: event.answer ?? "" };
    case "agent_thought":
      return { ...next, status: "streaming", thoughts: withThought(next.thoughts, event) };
    case "message_file":
      return withFile(next, event);
    case "reasoning_chunk":
      return {
        ...next,
        status: "streaming",
        reasoning: next.reasoning + (event.data.reasoning ?? ""),
      };
    case "message_end":
      return ended(next, event);
    case "error":
      return failed(next, { code: event.code ?? "unknown", message: event.message ?? "" });
    case "workflow_started":
      return { ...next, status: "streaming", run: resumedRun(next, event.data.id) };
    default:
      return next.run ? withRun(next, event) : next;
  }
}

/**
 * The answer after `event`, for whoever asked for its stop: a stream without a run ends alike
 * whether it was stopped or not.
 */
export function applyAfterStop(answer: Answer, event: StreamEvent): Answer {
  const next = applyToAnswer(answer, event);
  return isRunning(answer) && next.status === "done" ? { ...next, status: "stopped" } : next;
}

/** The answer when its stream is over, whether or not the server said so. */
export function endOfStream(answer: Answer, stopped: boolean): Answer {
  if (answer.status !== "waiting" && answer.status !== "streaming") return answer;
  if (stopped) {
    return {
      ...answer,
      status: "stopped",
      run: answer.run && interruptedRun(answer.run, "stopped"),
    };
  }
  if (answer.run && answer.run.status !== "running") {
    return answer.run.status === "failed"
      ? failed(answer, { code: "run_failed", message: answer.run.error ?? "" })
      : { ...answer, status: answer.run.status === "stopped" ? "stopped" : "done" };
  }
  return failed(answer, { code: "connection_lost", message: "" });
}

/** The answer with an error on it; what has arrived stays readable. */
export function failed(answer: Answer, failure: Failure): Answer {
  return {
    ...answer,
    status: "failed",
    failure,
    run: answer.run && interruptedRun(answer.run, "failed"),
  };
}

/** Citations in the order of their numbers. */
export function citations(resources: readonly StoredCitation[] | null | undefined): Citation[] {
  return (resources ?? []).map((each, index) => ({
    position: each.position ?? index + 1,
    document: each.document_name ?? "",
    content: each.content ?? "",
    score: each.score ?? null,
  }));
}

function withTask(answer: Answer, event: StreamEvent): Answer {
  const task = "task_id" in event ? event.task_id : undefined;
  return task && task !== answer.taskId ? { ...answer, taskId: task } : answer;
}

function resumedRun(answer: Answer, id: string): Answer["run"] {
  // A run that was paused goes on in the steps it already has.
  return answer.run && answer.run.id === id
    ? { ...answer.run, status: "running", forms: [] }
    : startedRun(id);
}

function withRun(answer: Answer, event: StreamEvent): Answer {
  if (!answer.run) return answer;
  const run = applyToRun(answer.run, event);
  if (run === answer.run) return answer;
  if (run.status === "paused") return { ...answer, run, status: "paused" };
  return { ...answer, run };
}

function ended(answer: Answer, event: Extract<StreamEvent, { event: "message_end" }>): Answer {
  const files = messageFiles(event.files);
  const stopped = answer.run?.status === "stopped";
  return {
    ...answer,
    status: answer.status === "failed" ? "failed" : stopped ? "stopped" : "done",
    files: files.length > 0 ? files : answer.files,
    citations: citations(
      event.metadata?.retriever_resources as StoredCitation[] | null | undefined,
    ),
  };
}

function withThought(
  thoughts: Thought[],
  event: Extract<StreamEvent, { event: "agent_thought" }>,
): Thought[] {
  const thought: Thought = {
    id: event.id,
    position: event.position ?? thoughts.length + 1,
    thought: event.thought ?? "",
    tool: event.tool ?? "",
    input: event.tool_input ?? "",
    observation: event.observation ?? "",
  };
  const at = thoughts.findIndex((each) => each.id === thought.id);
  return at < 0
    ? [...thoughts, thought]
    : thoughts.map((each, index) => (index === at ? thought : each));
}

function withFile(answer: Answer, event: Extract<StreamEvent, { event: "message_file" }>): Answer {
  // Some servers name text frames `message_file` when the question had files.
  const text = (event as { answer?: string }).answer;
  if (typeof text === "string") return { ...answer, status: "streaming", text: answer.text + text };
  if (event.belongs_to === "user" || !event.url) return answer;
  if (answer.files.some((file) => file.id === event.id)) return answer;
  const [name] = (event.url.split("/").pop() ?? "").split("?");
  const file = { id: event.id, filename: name ?? "", type: fileKind(event.type), url: event.url };
  return { ...answer, files: [...answer.files, file] };
}
