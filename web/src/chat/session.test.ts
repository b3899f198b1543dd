import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/error";
import type { StreamEvent } from "@/api/events";
import type { ChatClient, SendOptions } from "./client";
import { threadOf } from "./model/thread";
import { ChatSession, type Question } from "./session";

/** A server in memory: answers `re: <query>` in two pieces, one message after another. */
class EchoClient implements ChatClient {
  readonly calls: (SendOptions & { query: string })[] = [];
  readonly stopped: string[] = [];
  readonly ratings: unknown[] = [];
  refuse: Error | null = null;
  hold: Promise<void> | null = null;
  breakOff = false;
  pages: string[][] = [];

  async *send(query: string, options: SendOptions): AsyncGenerator<StreamEvent> {
    this.calls.push({ query, ...options });
    if (this.refuse) throw this.refuse;
    const head = {
      conversation_id: "c1",
      message_id: `m${this.calls.length}`,
      task_id: `t${this.calls.length}`,
    };
    yield { event: "message", id: head.message_id, answer: "re: ", ...head };
    if (this.hold) await this.hold;
    if (this.breakOff) return;
    if (!this.stopped.includes(head.task_id))
      yield { event: "message", id: head.message_id, answer: query, ...head };
    yield { event: "message_end", id: head.message_id, ...head };
  }
  stop = async (task: string) => this.stopped.push(task);
  upload = () => Promise.reject(new Error("not used"));
  feedback = async (...rating: unknown[]) => {
    if (this.refuse) throw this.refuse;
    this.ratings.push(rating);
  };
  suggestedQuestions = async (id: string) => [`more about ${id}`];
  history = async (_: string, first: string | null) => {
    const at = first ? this.pages.findIndex((page) => page.includes(first)) + 1 : 0;
    const data = (this.pages[at] ?? []).map((id) => ({
      id,
      query: id,
      answer: `a${id}`,
      parent_message_id: null,
    }));
    return { data, has_more: at + 1 < this.pages.length };
  };
}

const ask = (query: string): Question => ({ query, inputs: { tone: "dry" }, files: [], shown: [] });
function open(client = new EchoClient()) {
  const events: string[] = [];
  const conversations: string[] = [];
  const session = new ChatSession({
    client,
    schedule: (draw) => draw(),
    onEvent: (event) => events.push(event.event),
    onConversation: (id) => conversations.push(id),
  });
  const thread = () =>
    threadOf(session.snapshot().turns, session.snapshot().choices).map((entry) => entry.turn);
  return { client, session, events, conversations, thread };
}

describe("ChatSession", () => {
  it("answers, tells the conversation once and offers follow-ups", async () => {
    const { session, client, events, conversations, thread } = open();
    await session.send(ask("one"));
    await session.send(ask("two"));
    expect(thread().map((turn) => turn.answer.text)).toEqual(["re: one", "re: two"]);
    expect(conversations).toEqual(["c1"]);
    expect(events.filter((name) => name === "message_end")).toHaveLength(2);
    expect(client.calls.map((call) => [call.conversationId, call.parentMessageId])).toEqual([
      ["", null],
      ["c1", "m1"],
    ]);
    expect(client.calls[0]?.inputs).toEqual({ tone: "dry" });
    expect(session.snapshot().followUps).toEqual(["more about m2"]);
  });

  it("regenerates beside the old answer and switches between them", async () => {
    const { session, client, thread } = open();
    await session.send(ask("one"));
    await session.send(ask("two"));
    await session.regenerate(thread()[1]?.key ?? "", {});
    expect(client.calls[2]).toMatchObject({ query: "two", parentMessageId: "m1" });
    const entry = threadOf(session.snapshot().turns, {})[1];
    expect(entry?.siblings.map((turn) => turn.id)).toEqual(["m2", "m3"]);
    session.choose(entry?.group ?? "", entry?.siblings[0]?.key ?? "");
    expect(thread()[1]?.id).toBe("m2");
    await session.send(ask("after the first"));
    expect(client.calls[3]?.parentMessageId).toBe("m2");
  });

  it("keeps a refusal at its message and asks again in its place", async () => {
    const { session, client, thread } = open();
    client.refuse = new ApiError("provider_quota_exceeded", "No credit.", 400);
    await session.send(ask("one"));
    expect(thread()[0]?.answer).toMatchObject({
      status: "failed",
      failure: { code: "provider_quota_exceeded" },
    });
    client.refuse = null;
    await session.regenerate(thread()[0]?.key ?? "", {});
    expect(session.snapshot().turns).toHaveLength(1);
    expect(thread()[0]?.answer.text).toBe("re: one");
  });

  it("stops a running answer and keeps what has come", async () => {
    const { session, client, thread } = open();
    let release: () => void = () => undefined;
    client.hold = new Promise((resolve) => (release = resolve));
    const sent = session.send(ask("one"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(session.snapshot().running).not.toBeNull();
    await session.stop();
    release();
    await sent;
    client.hold = null;
    expect(client.stopped).toEqual(["t1"]);
    expect(thread()[0]?.answer).toMatchObject({ status: "stopped", text: "re: " });
    expect(session.snapshot().running).toBeNull();
    await session.send(ask("two"));
    expect(thread()[1]?.answer).toMatchObject({ status: "done", text: "re: two" });
  });

  it("marks an answer whose stream broke off", async () => {
    const { session, client, thread } = open();
    client.breakOff = true;
    await session.send(ask("one"));
    expect(thread()[0]?.answer).toMatchObject({
      status: "failed",
      text: "re: ",
      failure: { code: "connection_lost" },
    });
  });

  it("takes a rating back when the server refuses it", async () => {
    const { session, client, thread } = open();
    await session.send(ask("one"));
    const key = thread()[0]?.key ?? "";
    await session.rate(key, "like");
    expect(thread()[0]?.answer.feedback).toBe("like");
    client.refuse = new Error("no");
    await session.rate(key, "dislike");
    expect(thread()[0]?.answer.feedback).toBe("like");
    expect(client.ratings).toEqual([["m1", "like"]]);
  });

  it("pages history backwards and drops it when another conversation opens", async () => {
    const { session, client } = open();
    client.pages = [["m8", "m9"], ["m6", "m7"], ["m5"]];
    await session.open("c1");
    expect(session.snapshot()).toMatchObject({ history: "more" });
    await session.loadEarlier();
    await session.loadEarlier();
    expect(session.snapshot().turns.map((turn) => turn.id)).toEqual(["m5", "m6", "m7", "m8", "m9"]);
    expect(session.snapshot().history).toBe("complete");
    await session.open("");
    expect(session.snapshot().turns).toEqual([]);
  });

  it("loads history anew when it was left before that came", async () => {
    const { session, client } = open();
    client.pages = [["m8", "m9"]];
    const first = session.open("c1");
    session.leave();
    await first;
    expect(session.snapshot().turns).toEqual([]);
    await session.open("c1");
    expect(session.snapshot()).toMatchObject({ history: "complete", conversationId: "c1" });
    expect(session.snapshot().turns).toHaveLength(2);
  });

  it("does not let an old conversation write into the one that is open", async () => {
    const { session, client } = open();
    let release: () => void = () => undefined;
    client.hold = new Promise((resolve) => (release = resolve));
    const sent = session.send(ask("one"));
    await new Promise((resolve) => setTimeout(resolve));
    await session.open("c2");
    release();
    await sent;
    expect(session.snapshot()).toMatchObject({ conversationId: "c2", turns: [], running: null });
  });
});
