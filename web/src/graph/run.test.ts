import { describe, expect, it } from "vitest";
import type { StreamEvent } from "@/api/events";
import type { GraphJson, NodeExecution } from "@/api/types";
import { parseGraph } from "./model";
import { idleRun, type RunState, reduceRun, runFromRecords } from "./run";
import { takenEdges } from "./taken";

const envelope = { task_id: "task", workflow_run_id: "run" };
const started: StreamEvent = {
  event: "workflow_started",
  ...envelope,
  data: { id: "run", workflow_id: "w" },
};
const nodeStarted = (id: string, type = "code", more: object = {}): StreamEvent => ({
  event: "node_started",
  ...envelope,
  data: { id: `x-${id}`, node_id: id, node_type: type, title: id, ...more },
});
const nodeFinished = (id: string, more: object = {}, type = "code"): StreamEvent => ({
  event: "node_finished",
  ...envelope,
  data: {
    id: `x-${id}`,
    node_id: id,
    node_type: type,
    title: id,
    status: "succeeded",
    elapsed_time: 0.5,
    ...more,
  },
});
const finished = (status: "succeeded" | "failed" | "stopped", more: object = {}): StreamEvent => ({
  event: "workflow_finished",
  ...envelope,
  data: {
    id: "run",
    workflow_id: "w",
    status,
    elapsed_time: 2,
    total_tokens: 30,
    outputs: { a: 1 },
    ...more,
  },
});

/** Events 100 ms apart, the first at clock reading 1000. */
function play(events: readonly StreamEvent[], from: RunState = idleRun): RunState {
  return events.reduce((state, event, at) => reduceRun(state, event, 1000 + at * 100), from);
}

describe("reduceRun", () => {
  it("follows a run from its start to its end", () => {
    const state = play([
      started,
      nodeStarted("a", "start"),
      nodeFinished("a", { outputs: { x: 1 } }, "start"),
      nodeStarted("b", "llm"),
      { event: "text_chunk", ...envelope, data: { text: "Hel" } },
      { event: "text_chunk", ...envelope, data: { text: "lo" } },
      nodeFinished("b", { execution_metadata: { total_tokens: 30, total_price: "0.01" } }, "llm"),
      finished("succeeded"),
    ]);
    expect(state).toMatchObject({
      status: "succeeded",
      taskId: "task",
      runId: "run",
      text: "Hello",
      elapsed: 2000,
      tokens: 30,
    });
    expect(state.order).toEqual(["x-a", "x-b"]);
    expect(state.runs["x-b"]).toMatchObject({
      status: "succeeded",
      start: 300,
      elapsed: 500,
      tokens: 30,
      price: "0.01",
    });
  });

  it("starts anew with each run", () => {
    const first = play([started, nodeStarted("a"), nodeFinished("a"), finished("succeeded")]);
    const second = play([started], first);
    expect(second.order).toEqual([]);
    expect(second.status).toBe("running");
    expect(second.outputs).toBeUndefined();
  });

  it("knows the end of a node whose beginning it missed", () => {
    const state = play([started, nodeFinished("late")]);
    expect(state.runs["x-late"]).toMatchObject({ status: "succeeded", elapsed: 500 });
  });

  it("counts retries and does not count a container's tokens twice", () => {
    const inner = { iteration_id: "it" };
    const state = play([
      started,
      {
        event: "iteration_started",
        ...envelope,
        data: { id: "it", node_id: "it", node_type: "iteration", title: "it" },
      },
      nodeStarted("c", "llm", inner),
      {
        event: "node_retry",
        ...envelope,
        data: {
          id: "x-c",
          node_id: "c",
          node_type: "llm",
          title: "c",
          status: "retry",
          error: "busy",
          retry_index: 1,
        },
      },
      nodeFinished(
        "c",
        { ...inner, execution_metadata: { total_tokens: 12, iteration_index: 0 } },
        "llm",
      ),
      {
        event: "iteration_completed",
        ...envelope,
        data: {
          id: "it",
          node_id: "it",
          node_type: "iteration",
          title: "it",
          status: "succeeded",
          total_tokens: 12,
          steps: 1,
          elapsed_time: 1,
        },
      },
    ]);
    expect(state.tokens).toBe(12);
    expect(state.runs["x-c"]).toMatchObject({ retries: 1, container: "it", round: 0 });
    expect(state.runs.it).toMatchObject({ status: "succeeded", tokens: 12 });
  });

  it("leaves nothing running after the end", () => {
    const state = play([started, nodeStarted("a"), finished("stopped")]);
    expect(state.runs["x-a"]?.status).toBe("stopped");
  });

  it("ends on an error frame, but lets an end that came before stand", () => {
    const error: StreamEvent = {
      event: "error",
      code: "invalid_param",
      status: 400,
      message: "Run failed: x",
    };
    expect(play([started, error])).toMatchObject({ status: "failed", error: "Run failed: x" });
    const both = play([started, finished("failed", { error: "x" }), error]);
    expect(both).toMatchObject({ status: "failed", error: "x", elapsed: 2000 });
  });

  it("follows a text generator, which has no graph", () => {
    const state = play(
      [
        { event: "message", task_id: "t", id: "m", answer: "a" },
        { event: "message_replace", task_id: "t", answer: "b" },
        { event: "message_end", task_id: "t", id: "m" },
      ],
      { ...idleRun, status: "starting", began: 900 },
    );
    expect(state).toMatchObject({ status: "succeeded", text: "b", taskId: "t" });
  });
});

const fork = parseGraph({
  nodes: ["s", "if", "yes", "no", "end"].map((id) => ({
    id,
    type: "custom",
    data: { type: id === "if" ? "if-else" : id === "s" ? "start" : "code" },
  })),
  edges: [
    { id: "1", source: "s", target: "if" },
    { id: "2", source: "if", sourceHandle: "true", target: "yes" },
    { id: "3", source: "if", sourceHandle: "false", target: "no" },
    { id: "4", source: "yes", target: "end" },
    { id: "5", source: "no", target: "end" },
  ],
} as GraphJson);

describe("takenEdges", () => {
  it("goes out by the chosen case only", () => {
    const state = play([
      started,
      nodeStarted("s", "start"),
      nodeFinished("s", {}, "start"),
      nodeStarted("if", "if-else"),
      nodeFinished("if", { outputs: { result: false, selected_case_id: "false" } }, "if-else"),
      nodeStarted("no"),
      nodeFinished("no"),
      nodeStarted("end"),
    ]);
    expect([...takenEdges(fork, state)].sort()).toEqual(["1", "3", "5"]);
  });

  it("holds nothing before a target has begun", () => {
    const state = play([started, nodeStarted("s", "start"), nodeFinished("s", {}, "start")]);
    expect(takenEdges(fork, state).size).toBe(0);
  });

  it("tells the fail branch from success", () => {
    const graph = parseGraph({
      nodes: ["a", "b", "c"].map((id) => ({ id, type: "custom", data: { type: "code" } })),
      edges: [
        { id: "ok", source: "a", target: "b" },
        { id: "bad", source: "a", sourceHandle: "fail-branch", target: "c" },
      ],
    } as GraphJson);
    const failing = play([
      started,
      nodeStarted("a"),
      nodeFinished("a", {
        status: "exception",
        execution_metadata: { error_strategy: "fail-branch" },
      }),
      nodeStarted("c"),
    ]);
    expect([...takenEdges(graph, failing)]).toEqual(["bad"]);
  });
});

describe("runFromRecords", () => {
  it("orders by index and times from the first start", () => {
    const record = (id: string, index: number, created_at: number): NodeExecution => ({
      id,
      index,
      node_id: `n-${id}`,
      node_type: "code",
      title: id,
      status: "succeeded",
      elapsed_time: 0.25,
      created_at,
    });
    const state = runFromRecords(
      { id: "r", status: "succeeded", elapsed_time: 3, total_tokens: 0 },
      [record("b", 2, 102), record("a", 1, 100)],
    );
    expect(state.order).toEqual(["a", "b"]);
    expect(state.runs.b).toMatchObject({ start: 2000, elapsed: 250 });
    expect(state.latest).toEqual({ "n-a": "a", "n-b": "b" });
  });
});
