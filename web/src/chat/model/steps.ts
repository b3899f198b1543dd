/**
 * A run's state, folded from its events.
 *
 * Iterations and loops have no node events of their own, and their inner
 * nodes may run thousands of times: an inner node is therefore one step with
 * a count, so that the list stays as long as the graph, not as the run.
 */
import type { HumanInputData, StreamEvent } from "@/api/events";

import { messageFiles } from "./files";
import type { Run, RunStatus, Step, StepStatus } from "./message";

type GraphEvent = Extract<StreamEvent, { data: unknown }>;
/** What is read of a node event; every field may be absent in older servers. */
interface NodeFields {
  id?: string;
  node_id?: string;
  node_type?: string;
  title?: string;
  status?: string;
  error?: string | null;
  elapsed_time?: number | null;
  iteration_id?: string | null;
  loop_id?: string | null;
}

/** The run as it is before its first node. */
export function startedRun(id: string): Run {
  return {
    id,
    status: "running",
    steps: [],
    elapsed: null,
    tokens: null,
    error: null,
    outputs: null,
    files: [],
    forms: [],
  };
}

/** The run after `event`; the same object when the event does not concern it. */
export function applyToRun(run: Run, event: StreamEvent): Run {
  switch (event.event) {
    case "node_started":
      return withStep(run, started(run, fields(event)));
    case "iteration_started":
    case "loop_started":
      return withStep(run, { ...started(run, fields(event)), count: 0 });
    case "node_finished":
    case "iteration_completed":
    case "loop_completed":
      return withStep(run, finished(run, fields(event)));
    case "node_retry":
      return withStep(run, retried(run, fields(event)));
    case "iteration_next":
    case "loop_next":
      return withStep(run, nextRound(run, fields(event)));
    case "workflow_finished":
      return finishedRun(run, event);
    case "workflow_paused":
      return { ...run, status: "paused" };
    case "human_input_required":
      return asked(run, event.data);
    case "human_input_form_filled":
    case "human_input_form_timeout":
      return { ...run, forms: run.forms.filter((form) => form.nodeId !== event.data.node_id) };
    default:
      return run;
  }
}

function asked(run: Run, form: HumanInputData): Run {
  if (!form.form_token) return run;
  const { node_id: nodeId, node_title: title = "", form_token: token } = form;
  const others = run.forms.filter((each) => each.token !== token);
  return { ...run, forms: [...others, { nodeId, title, token }] };
}

/** The run when its stream ended before it did. */
export function interruptedRun(run: Run, status: RunStatus): Run {
  if (run.status !== "running") return run;
  const steps = run.steps.map((step) =>
    step.status === "running" ? { ...step, status: "stopped" as const } : step,
  );
  return { ...run, status, steps };
}

function fields(event: StreamEvent): NodeFields {
  return (event as GraphEvent).data as NodeFields;
}

function keyOf(node: NodeFields): string {
  const container = node.iteration_id ?? node.loop_id;
  return container ? `${container}/${node.node_id ?? ""}` : (node.id ?? node.node_id ?? "");
}

function known(run: Run, node: NodeFields): Step | undefined {
  const key = keyOf(node);
  return run.steps.find((step) => step.key === key);
}

function started(run: Run, node: NodeFields): Step {
  const before = known(run, node);
  return {
    key: keyOf(node),
    nodeId: node.node_id ?? "",
    title: node.title ?? node.node_type ?? "",
    type: node.node_type ?? "",
    status: "running",
    elapsed: before?.elapsed ?? null,
    error: null,
    container: node.iteration_id ?? node.loop_id ?? null,
    count: (before?.count ?? 0) + 1,
    retries: before?.retries ?? 0,
  };
}

function finished(run: Run, node: NodeFields): Step {
  const before = known(run, node) ?? started(run, node);
  const elapsed = node.elapsed_time ?? null;
  // An inner node's time is the sum of its passes, as a container's time is.
  const total = before.container && elapsed !== null ? (before.elapsed ?? 0) + elapsed : elapsed;
  return { ...before, status: stepStatus(node.status), elapsed: total, error: node.error ?? null };
}

function retried(run: Run, node: NodeFields): Step {
  const before = known(run, node) ?? started(run, node);
  return { ...before, status: "retry", error: node.error ?? null, retries: before.retries + 1 };
}

function nextRound(run: Run, node: NodeFields): Step {
  const before = known(run, node) ?? started(run, node);
  return { ...before, count: before.count + 1 };
}

function stepStatus(status: string | undefined): StepStatus {
  switch (status) {
    case "failed":
    case "exception":
    case "retry":
    case "stopped":
      return status;
    default:
      return "succeeded";
  }
}

function withStep(run: Run, step: Step): Run {
  const at = run.steps.findIndex((each) => each.key === step.key);
  if (at < 0) return { ...run, steps: [...run.steps, step] };
  const steps = run.steps.slice();
  steps[at] = step;
  return { ...run, steps };
}

function finishedRun(run: Run, event: Extract<StreamEvent, { event: "workflow_finished" }>): Run {
  const data = event.data;
  const status = data.status as RunStatus;
  const ended = status === "succeeded" ? run : interruptedRun(run, status);
  return {
    ...ended,
    status,
    elapsed: data.elapsed_time ?? null,
    tokens: data.total_tokens ?? null,
    error: data.error ?? null,
    outputs: (data.outputs as Record<string, unknown> | null | undefined) ?? null,
    files: messageFiles(data.files),
  };
}
