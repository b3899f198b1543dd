/** The events of a run, as the stream sends them. Graph events carry their own keys under `data`. */
import { isObject, type Json, type JsonObject } from "./json";

export type NodeStatus =
  | "pending"
  | "running"
  | "succeeded"
  | "failed"
  | "exception"
  | "stopped"
  | "paused"
  | "retry";
export type RunStatus =
  | "scheduled"
  | "running"
  | "succeeded"
  | "failed"
  | "stopped"
  | "partial-succeeded"
  | "paused";

export interface ExecutionMetadata {
  total_tokens?: number;
  total_price?: string | number;
  currency?: string;
  iteration_id?: string;
  iteration_index?: number;
  loop_id?: string;
  loop_index?: number;
  error_strategy?: string;
  [key: string]: Json | undefined;
}

/** A file as events and answers describe it. */
export interface StreamFile {
  id?: string | null;
  type?: string;
  url?: string | null;
  remote_url?: string | null;
  filename?: string | null;
  mime_type?: string | null;
  extension?: string | null;
  size?: number | null;
  belongs_to?: "user" | "assistant";
  transfer_method?: string;
  related_id?: string | null;
}

export interface RetrieverResource {
  position?: number;
  dataset_id?: string;
  dataset_name?: string;
  document_id?: string;
  document_name?: string;
  segment_id?: string;
  score?: number | null;
  content?: string;
  summary?: string | null;
  title?: string | null;
  page?: number | null;
}

export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  total_price?: string | number;
  currency?: string;
  latency?: number;
}

export interface MessageMetadata {
  usage?: Usage | null;
  retriever_resources?: RetrieverResource[] | null;
  annotation_reply?: JsonObject | null;
}

/** Keys around every event; which of them are there depends on the kind of app. */
interface Envelope {
  task_id?: string;
  conversation_id?: string;
  message_id?: string;
  workflow_run_id?: string | null;
  created_at?: number;
}

type Event<Name extends string, Own> = Envelope & { event: Name } & Own;
type GraphEvent<Name extends string, Data> = Event<Name, { data: Data }>;

export interface NodeStartedData {
  id: string;
  node_id: string;
  node_type: string;
  title: string;
  index?: number;
  predecessor_node_id?: string | null;
  inputs?: JsonObject | null;
  created_at?: number;
  extras?: JsonObject | null;
  iteration_id?: string | null;
  loop_id?: string | null;
}

export interface NodeFinishedData extends NodeStartedData {
  process_data?: JsonObject | null;
  outputs?: JsonObject | null;
  status: NodeStatus;
  error?: string | null;
  elapsed_time?: number;
  execution_metadata?: ExecutionMetadata | null;
  finished_at?: number;
  files?: StreamFile[] | null;
  inputs_truncated?: boolean;
  outputs_truncated?: boolean;
  process_data_truncated?: boolean;
}

export interface ContainerData {
  id: string;
  node_id: string;
  node_type: string;
  title: string;
  created_at?: number;
  inputs?: JsonObject | null;
  metadata?: JsonObject | null;
  index?: number;
}

export interface ContainerCompletedData extends ContainerData {
  outputs?: JsonObject | null;
  status: NodeStatus;
  error?: string | null;
  elapsed_time?: number;
  total_tokens?: number;
  execution_metadata?: ExecutionMetadata | null;
  steps?: number;
}

export interface RunFinishedData {
  id: string;
  workflow_id: string;
  status: RunStatus;
  outputs?: JsonObject | null;
  error?: string | null;
  elapsed_time?: number;
  total_tokens?: number;
  total_steps?: number;
  created_at?: number;
  finished_at?: number;
  exceptions_count?: number;
  files?: StreamFile[] | null;
}

export interface AgentLogData {
  id: string;
  node_execution_id?: string;
  node_id?: string;
  label?: string;
  parent_id?: string | null;
  error?: string | null;
  status?: string;
  data?: Json;
  metadata?: JsonObject | null;
}

export interface HumanInputData {
  form_id: string;
  node_id: string;
  node_title?: string;
  form_content?: string;
  form_token?: string | null;
  inputs?: Json;
  actions?: Json;
  expiration_time?: number;
}

export type StreamEvent =
  | Event<"message", { id: string; answer: string; from_variable_selector?: string[] | null }>
  | Event<"agent_message", { id: string; answer: string }>
  | Event<
      "agent_thought",
      {
        id: string;
        position: number;
        thought?: string | null;
        observation?: string | null;
        tool?: string | null;
        tool_labels?: JsonObject | null;
        tool_input?: string | null;
        message_files?: string[] | null;
      }
    >
  | Event<
      "message_file",
      { id: string; type: string; belongs_to: "user" | "assistant"; url: string }
    >
  | Event<"message_replace", { answer: string; reason?: string }>
  | Event<
      "message_end",
      { id: string; metadata?: MessageMetadata | null; files?: StreamFile[] | null }
    >
  | Event<"tts_message", { audio: string }>
  | Event<"tts_message_end", { audio: string }>
  | Event<"error", { code: string; status: number; message: string }>
  | GraphEvent<
      "workflow_started",
      {
        id: string;
        workflow_id: string;
        inputs?: JsonObject | null;
        created_at?: number;
        reason?: string;
      }
    >
  | GraphEvent<"workflow_finished", RunFinishedData>
  | GraphEvent<
      "workflow_paused",
      {
        workflow_run_id: string;
        paused_nodes?: string[];
        outputs?: Json;
        status?: string;
        elapsed_time?: number;
        total_tokens?: number;
      }
    >
  | GraphEvent<"node_started", NodeStartedData>
  | GraphEvent<"node_finished", NodeFinishedData>
  | GraphEvent<"node_retry", NodeFinishedData & { retry_index?: number }>
  | GraphEvent<"iteration_started" | "loop_started", ContainerData>
  | GraphEvent<"iteration_next" | "loop_next", ContainerData>
  | GraphEvent<"iteration_completed" | "loop_completed", ContainerCompletedData>
  | GraphEvent<"text_chunk", { text: string; from_variable_selector?: string[] | null }>
  | GraphEvent<"text_replace", { text: string }>
  | GraphEvent<"reasoning_chunk", { reasoning: string; node_id: string; is_final?: boolean }>
  | GraphEvent<"agent_log", AgentLogData>
  | GraphEvent<"human_input_required", HumanInputData>
  | GraphEvent<
      "human_input_form_filled",
      {
        node_id: string;
        node_title?: string;
        rendered_content?: string;
        action_id?: string;
        action_text?: string;
      }
    >
  | GraphEvent<
      "human_input_form_timeout",
      { node_id: string; node_title?: string; expiration_time?: number }
    >;

export type EventName = StreamEvent["event"];
export type EventOf<Name extends EventName> = Extract<StreamEvent, { event: Name }>;

/** A record, so that the compiler refuses a list that misses a name. */
const names: Record<EventName, true> = {
  message: true,
  agent_message: true,
  agent_thought: true,
  message_file: true,
  message_replace: true,
  message_end: true,
  tts_message: true,
  tts_message_end: true,
  error: true,
  workflow_started: true,
  workflow_finished: true,
  workflow_paused: true,
  node_started: true,
  node_finished: true,
  node_retry: true,
  iteration_started: true,
  iteration_next: true,
  iteration_completed: true,
  loop_started: true,
  loop_next: true,
  loop_completed: true,
  text_chunk: true,
  text_replace: true,
  reasoning_chunk: true,
  agent_log: true,
  human_input_required: true,
  human_input_form_filled: true,
  human_input_form_timeout: true,
};

/** True for an event this client knows by name; `ping` and future events are not. */
export function isStreamEvent(value: unknown): value is StreamEvent {
  return isObject(value) && typeof value.event === "string" && Object.hasOwn(names, value.event);
}
