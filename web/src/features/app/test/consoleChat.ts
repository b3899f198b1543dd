import { api } from "@/api/console";
import type { StreamEvent } from "@/api/events";
import { readEvents } from "@/api/sse";
import type { AppDetail } from "@/api/types";
import type { ChatClient, HistoryPage, UploadedFile } from "@/chat";

/** Talks with an app's draft, as its builder; `suggests` when the draft offers follow-up questions. */
export function consoleChat(app: AppDetail, suggests: boolean): ChatClient {
  const base = `/apps/${app.id}`;
  const graph = app.mode === "advanced-chat";
  async function* send(
    ...[query, options]: Parameters<ChatClient["send"]>
  ): AsyncGenerator<StreamEvent> {
    const { inputs, files, conversationId, parentMessageId, signal } = options;
    const body = {
      query,
      inputs,
      files,
      conversation_id: conversationId,
      parent_message_id: parentMessageId,
      ...(graph ? {} : { response_mode: "streaming", model_config: app.model_config }),
    };
    const path = graph ? "/advanced-chat/workflows/draft/run" : "/chat-messages";
    yield* readEvents(await api.stream(base + path, body, signal));
  }
  return {
    send,
    stop: (taskId) => api.post(`${base}/chat-messages/${taskId}/stop`),
    upload: (file, options) => api.upload<UploadedFile>("/files/upload", file, {}, options?.signal),
    feedback: (messageId, rating) =>
      api.post(`${base}/feedbacks`, { message_id: messageId, rating }),
    suggestedQuestions: async (messageId) =>
      suggests
        ? (
            await api.get<{ data: string[] }>(
              `${base}/chat-messages/${messageId}/suggested-questions`,
            )
          ).data
        : [],
    history: (conversationId, firstId) =>
      api.get<HistoryPage>(`${base}/chat-messages`, {
        query: { conversation_id: conversationId, first_id: firstId, limit: 20 },
      }),
  };
}
