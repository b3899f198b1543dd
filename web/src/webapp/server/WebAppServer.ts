/** The web-app routes of the server, for one app and one visitor. */
import { Client } from "@/api/client";
import { ApiError } from "@/api/error";
import type { StreamEvent } from "@/api/events";
import { readEvents } from "@/api/sse";
import type { HistoryPage, Rating, UploadedFile, UploadOptions } from "@/chat/client";
import { Passport, type PassportParts } from "./passport";
import type { Conversation, Page, Parameters, SiteAnswer } from "./shapes";
import { uploadFile } from "./upload";

/** How many messages of history come at once. */
const MESSAGES = 20;
/** How many conversations of the list come at once. */
const CONVERSATIONS = 40;

export type TaskGroup = "chat-messages" | "completion-messages" | "workflows/tasks";

export class WebAppServer {
  private readonly passport: Passport;
  private readonly client: Client;

  constructor(parts: PassportParts) {
    this.passport = new Passport(parts);
    this.client = new Client({
      base: "/api",
      headers: this.passport.headers,
      refresh: this.passport.renew,
      fetch: parts.fetch,
    });
  }

  /** Site and parameters: all that a page needs before it can be drawn. */
  async open(): Promise<[SiteAnswer, Parameters]> {
    await this.passport.ensure();
    const both = () =>
      Promise.all([
        this.client.get<SiteAnswer>("/site"),
        this.client.get<Parameters>("/parameters"),
      ]);
    try {
      return await both();
    } catch (error) {
      // A pass for a visitor who was deleted meanwhile is refused with 404, not 401.
      const stale = error instanceof ApiError && (error.status === 404 || error.status === 400);
      if (!stale || error.code === "app_unavailable" || !(await this.passport.renew())) throw error;
      return both();
    }
  }

  /**
   * Starts a run and gives its events, also those after its pauses. Leaving the loop ends the
   * connection.
   */
  async *stream(
    path: string,
    body: Record<string, unknown>,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent> {
    const response = await this.client.stream(
      path,
      { ...body, response_mode: "streaming" },
      signal,
    );
    let seen = 0;
    let paused = "";
    for await (const event of readEvents(response)) {
      seen += 1;
      paused = event.event === "workflow_paused" ? (event.workflow_run_id ?? "") : "";
      yield event;
    }
    if (!paused) return;
    // An event's number is its place in the stream.
    const again = `/workflow/${paused}/events?continue_on_pause=true`;
    yield* readEvents(await this.client.follow(again, seen, signal));
  }

  stop = (group: TaskGroup, task: string): Promise<unknown> =>
    this.client.post(`/${group}/${task}/stop`, {});

  upload = (file: File, options?: UploadOptions): Promise<UploadedFile> =>
    uploadFile("/api/files/upload", file, this.passport.headers(), options);

  feedback = (message: string, rating: Rating): Promise<unknown> =>
    this.client.post(`/messages/${message}/feedbacks`, { rating });

  async suggestedQuestions(message: string): Promise<string[]> {
    const answer = await this.client.get<{ data?: string[] }>(
      `/messages/${message}/suggested-questions`,
    );
    return answer.data ?? [];
  }

  messages = (conversation: string, firstId: string | null): Promise<HistoryPage> =>
    this.client.get("/messages", {
      query: { conversation_id: conversation, first_id: firstId, limit: MESSAGES },
    });

  conversations = (pinned: boolean, lastId: string | null): Promise<Page<Conversation>> =>
    this.client.get("/conversations", {
      query: { pinned, last_id: lastId, limit: CONVERSATIONS, sort_by: "-updated_at" },
    });

  rename = (id: string, name: string): Promise<Conversation> =>
    this.client.post(`/conversations/${id}/name`, { name, auto_generate: false });

  /** Lets the server find a title from the first messages. */
  nameItself = (id: string): Promise<Conversation> =>
    this.client.post(`/conversations/${id}/name`, { auto_generate: true });

  pin = (id: string, pinned: boolean): Promise<unknown> =>
    this.client.patch(`/conversations/${id}/${pinned ? "pin" : "unpin"}`, {});

  remove = (id: string): Promise<unknown> =>
    this.client.delete(`/conversations/${id}`, { keepalive: true });
}
