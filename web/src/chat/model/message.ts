/** The nouns of a conversation, as the screen sees them. */
import type { MessageFile, Rating } from "../client";

export type StepStatus = "running" | "succeeded" | "failed" | "exception" | "retry" | "stopped";

/** One node of a run. Times in seconds. */
export interface Step {
  key: string;
  nodeId: string;
  title: string;
  type: string;
  status: StepStatus;
  elapsed: number | null;
  error: string | null;
  /** The node id of the iteration or loop around it. */
  container: string | null;
  /** How often it started: rounds of a container, or passes of an inner node. */
  count: number;
  retries: number;
}

export type RunStatus =
  | "running"
  | "succeeded"
  | "partial-succeeded"
  | "failed"
  | "stopped"
  | "paused";

/** A form that a run waits for; the token is its address. */
export interface WaitingForm {
  nodeId: string;
  title: string;
  token: string;
}

/** A workflow run behind an answer or a form. Times in seconds. */
export interface Run {
  id: string;
  status: RunStatus;
  steps: Step[];
  elapsed: number | null;
  tokens: number | null;
  error: string | null;
  outputs: Record<string, unknown> | null;
  files: MessageFile[];
  forms: WaitingForm[];
}

/** A tool call of an agent. */
export interface Thought {
  id: string;
  position: number;
  thought: string;
  tool: string;
  input: string;
  observation: string;
}

/** A passage that an answer rests on. `position` counts from 1. */
export interface Citation {
  position: number;
  document: string;
  content: string;
  score: number | null;
}

/** `code` is the contract's error code, or one of ours for what never reached it. */
export interface Failure {
  code: string;
  message: string;
}

export type AnswerStatus = "waiting" | "streaming" | "done" | "stopped" | "paused" | "failed";

export interface Answer {
  status: AnswerStatus;
  text: string;
  reasoning: string;
  failure: Failure | null;
  files: MessageFile[];
  citations: Citation[];
  thoughts: Thought[];
  run: Run | null;
  taskId: string | null;
  feedback: Rating;
}

/** A question and its answer: one message of the contract. */
export interface Turn {
  /** Stable for the screen; the message id comes only with the first event. */
  key: string;
  id: string | null;
  parentId: string | null;
  query: string;
  files: MessageFile[];
  answer: Answer;
}

export const blankAnswer: Answer = {
  status: "waiting",
  text: "",
  reasoning: "",
  failure: null,
  files: [],
  citations: [],
  thoughts: [],
  run: null,
  taskId: null,
  feedback: null,
};

/** Whether the answer may still change by itself. */
export function isRunning(answer: Answer): boolean {
  return answer.status === "waiting" || answer.status === "streaming";
}
