/** Stored messages brought to the shape of live ones. */
import type { StoredMessage } from "../client";
import { citations } from "./answer";
import { messageFiles } from "./files";
import { type Answer, blankAnswer, type Turn } from "./message";

/** Turns of one page, oldest first as the route gives them. */
export function turnsOf(messages: readonly StoredMessage[]): Turn[] {
  return messages.map((message) => ({
    key: message.id,
    id: message.id,
    parentId: message.parent_message_id ?? null,
    query: message.query,
    files: filesOf(message, "user"),
    answer: answerOf(message),
  }));
}

function answerOf(message: StoredMessage): Answer {
  const failed = message.status === "error";
  return {
    ...blankAnswer,
    status: failed ? "failed" : message.status === "paused" ? "paused" : "done",
    failure: failed ? { code: "stored", message: message.error ?? "" } : null,
    text: message.answer,
    files: filesOf(message, "assistant"),
    citations: citations(message.retriever_resources),
    thoughts: (message.agent_thoughts ?? []).map((each, index) => ({
      id: each.id,
      position: each.position ?? index + 1,
      thought: each.thought ?? "",
      tool: each.tool ?? "",
      input: each.tool_input ?? "",
      observation: each.observation ?? "",
    })),
    feedback: message.feedback?.rating ?? null,
  };
}

function filesOf(message: StoredMessage, owner: "user" | "assistant"): Turn["files"] {
  const mine = (message.message_files ?? []).filter(
    (file) => (file.belongs_to ?? "user") === owner,
  );
  return messageFiles(mine);
}
