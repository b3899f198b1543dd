import { describe, expect, it } from "vitest";
import type { StreamEvent } from "@/api/events";
import { applyToAnswer, endOfStream } from "./answer";
import { type Answer, blankAnswer } from "./message";

const fold = (events: StreamEvent[], from: Answer = blankAnswer): Answer =>
  events.reduce(applyToAnswer, from);
const node = (id: string, title: string) => ({ id, node_id: `n-${id}`, node_type: "llm", title });
const finish = (
  status: "succeeded" | "failed" | "stopped",
  error: string | null = null,
): StreamEvent => ({
  event: "workflow_finished",
  workflow_run_id: "r",
  data: {
    id: "r",
    workflow_id: "w",
    status,
    error,
    elapsed_time: 1.5,
    total_tokens: 12,
    outputs: { answer: "x" },
  },
});
const start: StreamEvent = {
  event: "workflow_started",
  workflow_run_id: "r",
  task_id: "t",
  data: { id: "r", workflow_id: "w" },
};

describe("an answer", () => {
  it("grows by its messages and ends with its citations", () => {
    const answer = fold([
      { event: "message", id: "m", task_id: "t", answer: "Hel" },
      { event: "message", id: "m", task_id: "t", answer: "lo" },
      {
        event: "message_end",
        id: "m",
        metadata: { retriever_resources: [{ position: 1, document_name: "a.pdf", content: "p" }] },
      },
    ]);
    expect(answer).toMatchObject({ status: "done", text: "Hello", taskId: "t" });
    expect(answer.citations).toEqual([
      { position: 1, document: "a.pdf", content: "p", score: null },
    ]);
  });

  it("is replaced whole by moderation", () => {
    const answer = fold([
      { event: "message", id: "m", answer: "bad words" },
      { event: "message_replace", answer: "Can't say.", reason: "output_moderation" },
    ]);
    expect(answer.text).toBe("Can't say.");
  });

  it("lists its nodes in order with their states", () => {
    const answer = fold([
      start,
      { event: "node_started", data: node("1", "Start") },
      { event: "node_started", data: node("2", "Model") },
      {
        event: "node_finished",
        data: { ...node("1", "Start"), status: "succeeded", elapsed_time: 0.1 },
      },
      { event: "node_retry", data: { ...node("2", "Model"), status: "retry", error: "busy" } },
      {
        event: "node_finished",
        data: { ...node("2", "Model"), status: "failed", error: "gone", elapsed_time: 2 },
      },
      finish("failed", "gone"),
      { event: "error", code: "invalid_param", status: 400, message: "Run failed: gone" },
    ]);
    expect(answer.status).toBe("failed");
    expect(answer.failure).toEqual({ code: "invalid_param", message: "Run failed: gone" });
    expect(answer.run?.steps.map((step) => [step.title, step.status, step.retries])).toEqual([
      ["Start", "succeeded", 0],
      ["Model", "failed", 1],
    ]);
    expect(answer.run).toMatchObject({ status: "failed", elapsed: 1.5, tokens: 12 });
  });

  it("counts the passes of inner nodes instead of listing them", () => {
    const inner = { ...node("x", "Inner"), iteration_id: "loop" };
    const events: StreamEvent[] = [
      start,
      {
        event: "iteration_started",
        data: { id: "loop", node_id: "loop", node_type: "iteration", title: "Each" },
      },
    ];
    for (let round = 0; round < 50; round += 1) {
      events.push({
        event: "iteration_next",
        data: { id: "loop", node_id: "loop", node_type: "iteration", title: "Each", index: round },
      });
      events.push({ event: "node_started", data: { ...inner, id: `x${round}` } });
      events.push({
        event: "node_finished",
        data: { ...inner, id: `x${round}`, status: "succeeded", elapsed_time: 0.5 },
      });
    }
    const steps = fold(events).run?.steps ?? [];
    expect(steps.map((step) => [step.title, step.count])).toEqual([
      ["Each", 50],
      ["Inner", 50],
    ]);
    expect(steps[1]?.elapsed).toBeCloseTo(25);
    expect(steps[1]?.container).toBe("loop");
  });

  it("keeps the partial text when stopped", () => {
    const answer = fold([
      start,
      { event: "message", id: "m", answer: "par" },
      finish("stopped", "Stopped by user."),
      { event: "message_end", id: "m" },
    ]);
    expect(answer).toMatchObject({ status: "stopped", text: "par" });
    expect(endOfStream({ ...blankAnswer, status: "streaming" }, true).status).toBe("stopped");
  });

  it("says so when the stream breaks off", () => {
    expect(endOfStream({ ...blankAnswer, status: "streaming", text: "par" }, false)).toMatchObject({
      status: "failed",
      text: "par",
      failure: { code: "connection_lost" },
    });
  });

  it("takes a message_end before workflow_finished as well", () => {
    const answer = fold([
      start,
      { event: "message", id: "m", answer: "a" },
      { event: "message_end", id: "m" },
      finish("succeeded"),
    ]);
    expect(answer.status).toBe("done");
    expect(answer.run?.status).toBe("succeeded");
  });

  it("updates an agent's tool call in place", () => {
    const thought = { id: "th", position: 1, tool: "search", tool_input: "{}" };
    const answer = fold([
      { event: "agent_thought", ...thought, thought: "" },
      { event: "agent_message", id: "m", answer: "Found" },
      { event: "agent_thought", ...thought, observation: "3 results" },
    ]);
    expect(answer.thoughts).toHaveLength(1);
    expect(answer.thoughts[0]?.observation).toBe("3 results");
  });

  it("collects the files it is sent, each once", () => {
    const file: StreamEvent = {
      event: "message_file",
      id: "f",
      type: "image",
      belongs_to: "assistant",
      url: "/files/tools/cat.png?sign=1",
    };
    expect(fold([file, file]).files).toEqual([
      { id: "f", filename: "cat.png", type: "image", url: "/files/tools/cat.png?sign=1" },
    ]);
  });

  it("waits when a person has to decide", () => {
    expect(fold([start, { event: "workflow_paused", data: { workflow_run_id: "r" } }]).status).toBe(
      "paused",
    );
  });
});
