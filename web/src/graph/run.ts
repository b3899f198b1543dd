/** What is known of a run: a pure function of the events so far. */
import type {
  ContainerCompletedData,
  ExecutionMetadata,
  NodeFinishedData,
  NodeStatus,
  RunStatus,
  StreamEvent,
} from "@/api/events";
import type { Json } from "@/api/json";
import type { NodeExecution } from "@/api/types";

/** One execution of one node. Times in milliseconds since the run began. */
export interface NodeRun {
  /** Unique within the run. */
  key: string;
  nodeId: string;
  type: string;
  title: string;
  status: NodeStatus;
  start: number;
  /** Null while it runs. */
  elapsed: number | null;
  tokens: number;
  price: string | null;
  inputs: Json | undefined;
  outputs: Json | undefined;
  process: Json | undefined;
  error: string | null;
  retries: number;
  /** The iteration or loop round this execution belongs to. */
  container: string | null;
  round: number | null;
  metadata: ExecutionMetadata | null;
}

export interface RunState {
  status: "idle" | "starting" | RunStatus;
  taskId: string | null;
  runId: string | null;
  /** Clock reading of the first event, in milliseconds. */
  began: number;
  /** Milliseconds from begin to end; null while it runs. */
  elapsed: number | null;
  tokens: number;
  /** Executions in order of their start. */
  order: string[];
  runs: Record<string, NodeRun>;
  /** The newest execution of each node. */
  latest: Record<string, string>;
  /** Text streamed so far. */
  text: string;
  outputs: Json | undefined;
  error: string | null;
}

export const idleRun: RunState = {
  status: "idle",
  taskId: null,
  runId: null,
  began: 0,
  elapsed: null,
  tokens: 0,
  order: [],
  runs: {},
  latest: {},
  text: "",
  outputs: undefined,
  error: null,
};

export const isLive = ({ status }: RunState): boolean =>
  status === "running" || status === "starting";

/** The state after one more event, received at clock reading `now` (milliseconds). */
export function reduceRun(state: RunState, event: StreamEvent, now: number): RunState {
  const taskId = event.task_id ?? state.taskId;
  const base = taskId === state.taskId ? state : { ...state, taskId };
  const at = base.began ? now - base.began : 0;
  switch (event.event) {
    case "workflow_started":
      return {
        ...idleRun,
        taskId,
        status: "running",
        began: now,
        runId: event.workflow_run_id ?? event.data.id,
      };
    case "node_started":
    case "iteration_started":
    case "loop_started":
      return begin(base, event.data, at);
    case "node_retry":
      return patch(base, event.data, (run) => ({
        ...run,
        retries: run.retries + 1,
        error: event.data.error ?? null,
      }));
    case "node_finished":
    case "iteration_completed":
    case "loop_completed":
      return finish(base, event.data, at);
    case "text_chunk":
      return { ...base, text: base.text + event.data.text };
    case "text_replace":
      return { ...base, text: event.data.text };
    case "message":
    case "agent_message":
      return {
        ...base,
        status: base.status === "starting" ? "running" : base.status,
        text: base.text + event.answer,
      };
    case "message_replace":
      return { ...base, text: event.answer };
    case "workflow_finished":
      return end(base, event.data.status, {
        elapsed: event.data.elapsed_time === undefined ? at : event.data.elapsed_time * 1000,
        tokens: event.data.total_tokens ?? base.tokens,
        outputs: event.data.outputs ?? undefined,
        error: event.data.error ?? null,
      });
    case "workflow_paused":
      return end(base, "paused", { elapsed: at });
    case "message_end":
      return base.status === "running" && base.order.length === 0
        ? end(base, "succeeded", { elapsed: at })
        : base;
    case "error":
      return end(base, "failed", { error: event.message, elapsed: at });
    default:
      return base;
  }
}

interface StartData {
  id: string;
  node_id: string;
  node_type: string;
  title: string;
  iteration_id?: string | null;
  loop_id?: string | null;
  inputs?: Json;
}

function begin(state: RunState, data: StartData, at: number): RunState {
  const key = data.id;
  if (state.runs[key]) return state;
  const run: NodeRun = {
    key,
    nodeId: data.node_id,
    type: data.node_type,
    title: data.title,
    status: "running",
    start: at,
    elapsed: null,
    tokens: 0,
    price: null,
    inputs: data.inputs ?? undefined,
    outputs: undefined,
    process: undefined,
    error: null,
    retries: 0,
    container: data.iteration_id ?? data.loop_id ?? null,
    round: null,
    metadata: null,
  };
  return {
    ...state,
    order: [...state.order, key],
    runs: { ...state.runs, [key]: run },
    latest: { ...state.latest, [data.node_id]: key },
  };
}

function patch(state: RunState, data: StartData, change: (run: NodeRun) => NodeRun): RunState {
  const run = state.runs[data.id];
  return run ? { ...state, runs: { ...state.runs, [data.id]: change(run) } } : state;
}

function finish(
  state: RunState,
  data: NodeFinishedData | ContainerCompletedData,
  at: number,
): RunState {
  // A stream joined in the middle has ends without beginnings.
  const known = begin(state, data, Math.max(0, at - (data.elapsed_time ?? 0) * 1000));
  const metadata = data.execution_metadata ?? null;
  const tokens = metadata?.total_tokens ?? ("total_tokens" in data ? data.total_tokens : 0) ?? 0;
  const next = patch(known, data, (run) => ({
    ...run,
    status: data.status,
    elapsed: data.elapsed_time === undefined ? at - run.start : data.elapsed_time * 1000,
    tokens,
    price: metadata?.total_price === undefined ? null : String(metadata.total_price),
    inputs: data.inputs ?? run.inputs,
    outputs: data.outputs ?? undefined,
    process: "process_data" in data ? (data.process_data ?? undefined) : undefined,
    error: data.error ?? null,
    round: metadata?.iteration_index ?? metadata?.loop_index ?? null,
    metadata,
  }));
  // A container's tokens are the sum of its children's, which are counted already.
  const counted = "steps" in data ? 0 : tokens;
  return { ...next, tokens: next.tokens + counted };
}

function end(state: RunState, status: RunStatus, more: Partial<RunState>): RunState {
  const left = status === "paused" ? "paused" : "stopped";
  const runs = Object.fromEntries(
    Object.entries(state.runs).map(([key, run]) => [
      key,
      run.status === "running" ? { ...run, status: left as NodeStatus } : run,
    ]),
  );
  // An error frame after the end of a chatflow adds words, not another end.
  const already = state.status !== "running" && state.status !== "starting";
  if (already) return { ...state, error: state.error ?? more.error ?? null };
  return { ...state, ...more, runs, status };
}

/** The state of a run of the past, from its stored node executions. */
export function runFromRecords(
  run: {
    id: string;
    status: RunStatus;
    elapsed_time: number;
    total_tokens: number;
    outputs?: Json;
    error?: string | null;
  },
  executions: readonly NodeExecution[],
): RunState {
  const sorted = [...executions].sort((a, b) => a.index - b.index || a.created_at - b.created_at);
  const first = Math.min(...sorted.map(({ created_at }) => created_at));
  const runs: Record<string, NodeRun> = {};
  const latest: Record<string, string> = {};
  for (const one of sorted) {
    const metadata = one.execution_metadata ?? null;
    latest[one.node_id] = one.id;
    runs[one.id] = {
      key: one.id,
      nodeId: one.node_id,
      type: one.node_type,
      title: one.title,
      status: one.status,
      start: (one.created_at - first) * 1000,
      elapsed: one.elapsed_time * 1000,
      tokens: metadata?.total_tokens ?? 0,
      price: metadata?.total_price === undefined ? null : String(metadata.total_price),
      inputs: one.inputs,
      outputs: one.outputs,
      process: one.process_data,
      error: one.error ?? null,
      retries: 0,
      container: metadata?.iteration_id ?? metadata?.loop_id ?? null,
      round: metadata?.iteration_index ?? metadata?.loop_index ?? null,
      metadata,
    };
  }
  return {
    ...idleRun,
    status: run.status,
    runId: run.id,
    elapsed: run.elapsed_time * 1000,
    tokens: run.total_tokens,
    order: sorted.map(({ id }) => id),
    runs,
    latest,
    outputs: run.outputs,
    error: run.error ?? null,
  };
}
