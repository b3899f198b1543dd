/**
 * One open conversation: what is on the screen and what may be done to it.
 *
 * Plain object with a subscription, so that a stream of thousands of events
 * touches React once a frame. It owns at most one running turn.
 */
import type { StreamEvent } from "@/api/events";
import type { ChatClient, FileRef, MessageFile, Rating, SendOptions } from "./client";
import { applyAfterStop, applyToAnswer, endOfStream, failed } from "./model/answer";
import { failureOf } from "./model/failure";
import { turnsOf } from "./model/history";
import { type Answer, blankAnswer, type Failure, isRunning, type Turn } from "./model/message";
import { type Choices, prepend, threadOf } from "./model/thread";

export interface SessionState {
  conversationId: string;
  turns: readonly Turn[];
  choices: Choices;
  /** Key of the turn being answered. */
  running: string | null;
  /** Follow-up questions to the newest answer. */
  followUps: readonly string[];
  history: "none" | "loading" | "more" | "complete" | "failed";
  historyFailure: Failure | null;
}

export interface Question {
  query: string;
  inputs: Record<string, unknown>;
  files: FileRef[];
  /** The same files as they are shown beside the question. */
  shown: MessageFile[];
}

export interface SessionParts {
  client: ChatClient;
  onEvent?: ((event: StreamEvent) => void) | undefined;
  onConversation?: ((id: string) => void) | undefined;
  /** Runs `draw` soon, once; the browser's next frame unless told otherwise. */
  schedule?: (draw: () => void) => void;
}

/** A stop that the server does not heed is enforced after this long, in milliseconds. */
const STOP_PATIENCE = 3000;

const blankState: SessionState = {
  conversationId: "",
  turns: [],
  choices: {},
  running: null,
  followUps: [],
  history: "none",
  historyFailure: null,
};

export class ChatSession {
  private state: SessionState = blankState;
  private shown: SessionState = blankState;
  private readonly listeners = new Set<() => void>();
  private drawing = false;
  private count = 0;
  private abort: AbortController | null = null;
  private stopping = false;
  /** Loaded with the first piece of audio. */
  private speech: Promise<typeof import("./speech")> | null = null;
  /** Answers to questions about a conversation that is no longer open are dropped. */
  private epoch = 0;
  private readonly questions = new Map<string, Question>();

  constructor(private readonly parts: SessionParts) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): SessionState => this.shown;

  /** Replaces what outside callbacks and client are used from now on. */
  use(parts: Partial<SessionParts>): void {
    Object.assign(this.parts, parts);
  }

  /** Shows another conversation, "" for a new one. A turn still running goes on unseen on the server. */
  async open(conversationId: string): Promise<void> {
    const shown = conversationId === "" || this.state.history !== "none";
    if (conversationId === this.state.conversationId && shown) return;
    this.leave();
    this.set({ ...blankState, conversationId });
    if (conversationId) await this.loadEarlier();
  }

  /** Stops listening; the run itself is left to the server. */
  leave(): void {
    this.epoch += 1;
    this.hush();
    this.abort?.abort();
    this.abort = null;
    // The page that is on its way will be dropped; opening again must ask anew.
    if (this.state.history === "loading") this.set({ history: "none" });
  }

  /** Loads the page of history before what is shown. Safe to call again at any time. */
  async loadEarlier(): Promise<void> {
    const { client } = this.parts;
    const { conversationId, history, turns } = this.state;
    if (!client.history || !conversationId || history === "loading" || history === "complete")
      return;
    const epoch = this.epoch;
    this.set({ history: "loading", historyFailure: null });
    try {
      const page = await client.history(conversationId, turns.find((turn) => turn.id)?.id ?? null);
      if (epoch !== this.epoch) return;
      this.set({
        turns: prepend(turnsOf(page.data), this.state.turns),
        history: page.has_more && page.data.length > 0 ? "more" : "complete",
      });
    } catch (error) {
      if (epoch === this.epoch) this.set({ history: "failed", historyFailure: failureOf(error) });
    }
  }

  /** Asks at the end of the thread on the screen. Resolves when the answer is over, also when it failed. */
  async send(question: Question): Promise<void> {
    const last = threadOf(this.state.turns, this.state.choices).at(-1);
    await this.ask(question, last?.turn.id ?? null);
  }

  /** Asks the question of `key` once more, beside the answer that is there. */
  async regenerate(key: string, inputs: Record<string, unknown>): Promise<void> {
    const turn = this.turn(key);
    if (!turn || this.state.running) return;
    const before = this.questions.get(key);
    const files = before?.files ?? resent(turn.files);
    const question = { query: turn.query, inputs, files, shown: turn.files };
    // An answer the server never knew has no place beside which another could stand.
    if (!turn.id) this.set({ turns: this.state.turns.filter((each) => each.key !== key) });
    await this.ask(question, turn.parentId);
  }

  /** Ends the running answer. What has arrived stays. */
  async stop(): Promise<void> {
    const turn = this.state.running ? this.turn(this.state.running) : undefined;
    const abort = this.abort;
    if (!turn || !abort || this.stopping) return;
    this.stopping = true;
    this.hush();
    const task = turn.answer.taskId;
    if (!task) {
      abort.abort();
      return;
    }
    const patience = setTimeout(() => abort.abort(), STOP_PATIENCE);
    abort.signal.addEventListener("abort", () => clearTimeout(patience), { once: true });
    try {
      await this.parts.client.stop(task);
    } catch {
      // The server can't be told; then at least the screen stops.
      abort.abort();
    }
  }

  /** Shows the sibling `key` of its group. */
  choose(group: string, key: string): void {
    this.set({ choices: { ...this.state.choices, [group]: key }, followUps: [] });
  }

  /** Rates an answer at once, and takes the mark back when the server refuses it. */
  async rate(key: string, rating: Rating): Promise<void> {
    const turn = this.turn(key);
    if (!turn?.id) return;
    const before = turn.answer.feedback;
    this.setAnswer(key, (answer) => ({ ...answer, feedback: rating }));
    try {
      await this.parts.client.feedback(turn.id, rating);
    } catch {
      this.setAnswer(key, (answer) => ({ ...answer, feedback: before }));
    }
  }

  private async ask(question: Question, parentId: string | null): Promise<void> {
    if (this.state.running) return;
    this.hush();
    const key = this.begin(question, parentId);
    const abort = new AbortController();
    this.abort = abort;
    this.stopping = false;
    const epoch = this.epoch;
    const options: SendOptions = {
      inputs: question.inputs,
      files: question.files,
      conversationId: this.state.conversationId,
      parentMessageId: parentId,
      signal: abort.signal,
    };
    try {
      for await (const event of this.parts.client.send(question.query, options)) {
        if (epoch !== this.epoch) return;
        this.receive(key, event);
      }
      if (epoch === this.epoch) this.end(key, (answer) => endOfStream(answer, this.stopping));
    } catch (error) {
      if (epoch !== this.epoch) return;
      const stopped = abort.signal.aborted;
      this.end(key, (answer) =>
        stopped ? endOfStream(answer, true) : failed(answer, failureOf(error)),
      );
    }
    if (epoch === this.epoch) await this.suggest(key, epoch);
  }

  private begin(question: Question, parentId: string | null): string {
    this.count += 1;
    const key = `local-${this.count}`;
    const turn: Turn = {
      key,
      id: null,
      parentId,
      query: question.query,
      files: question.shown,
      answer: blankAnswer,
    };
    this.questions.set(key, question);
    // The new turn is the newest, so without older choices it is the one shown.
    this.set({ turns: [...this.state.turns, turn], choices: {}, running: key, followUps: [] });
    return key;
  }

  private receive(key: string, event: StreamEvent): void {
    this.parts.onEvent?.(event);
    if (event.event === "tts_message" && event.audio && !this.stopping) this.speak(event.audio);
    const turn = this.turn(key);
    if (!turn) return;
    const id = turn.id ?? event.message_id ?? null;
    const answer = (this.stopping ? applyAfterStop : applyToAnswer)(turn.answer, event);
    if (id !== turn.id || answer !== turn.answer) this.replace({ ...turn, id, answer });
    if (event.conversation_id && !this.state.conversationId) {
      this.set({ conversationId: event.conversation_id, history: "complete" });
      this.parts.onConversation?.(event.conversation_id);
    }
    // The server may keep the connection a little longer, for speech; the answer is complete.
    const now = this.turn(key);
    if (now && !isRunning(now.answer) && this.state.running === key) this.set({ running: null });
  }

  private speak(audio: string): void {
    this.speech ??= import("./speech");
    void this.speech.then((speech) => speech.speak(audio));
  }

  private hush(): void {
    void this.speech?.then((speech) => speech.hush());
  }

  private end(key: string, change: (answer: Answer) => Answer): void {
    this.setAnswer(key, change);
    this.abort = null;
    if (this.state.running === key) this.set({ running: null });
  }

  private async suggest(key: string, epoch: number): Promise<void> {
    const turn = this.turn(key);
    if (!turn?.id || turn.answer.status !== "done") return;
    const followUps = await this.parts.client.suggestedQuestions(turn.id).catch(() => []);
    const newest = this.state.turns.at(-1)?.key === key;
    if (epoch === this.epoch && newest && !this.state.running) this.set({ followUps });
  }

  private turn(key: string): Turn | undefined {
    return this.state.turns.find((turn) => turn.key === key);
  }

  private setAnswer(key: string, change: (answer: Answer) => Answer): void {
    const turn = this.turn(key);
    if (turn) this.replace({ ...turn, answer: change(turn.answer) });
  }

  private replace(turn: Turn): void {
    this.set({ turns: this.state.turns.map((each) => (each.key === turn.key ? turn : each)) });
  }

  private set(change: Partial<SessionState>): void {
    this.state = { ...this.state, ...change };
    if (this.drawing) return;
    this.drawing = true;
    (this.parts.schedule ?? nextFrame)(() => {
      this.drawing = false;
      this.shown = this.state;
      for (const listener of this.listeners) listener();
    });
  }
}

/** A hidden page has no frames, and must not fall behind its stream. */
function nextFrame(draw: () => void): void {
  if (document.hidden) setTimeout(draw, 250);
  else requestAnimationFrame(draw);
}

/** Stored files can be named again only by their upload id or address, where they have one. */
function resent(files: readonly MessageFile[]): FileRef[] {
  return files.flatMap(({ type, uploadId, remote, url }): FileRef[] => {
    if (uploadId) return [{ type, transfer_method: "local_file", upload_file_id: uploadId }];
    return remote ? [{ type, transfer_method: "remote_url", url }] : [];
  });
}
