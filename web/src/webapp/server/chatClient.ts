/** What the chat panel needs, from the web-app routes. */
import type { ChatClient } from "@/chat/client";
import type { Parameters } from "./shapes";
import type { WebAppServer } from "./WebAppServer";

export function chatClient(server: WebAppServer, parameters: Parameters): ChatClient {
  const suggests = parameters.suggested_questions_after_answer?.enabled === true;
  return {
    send: (query, { inputs, files, conversationId, parentMessageId, signal }) =>
      server.stream(
        "/chat-messages",
        {
          inputs,
          query,
          files,
          conversation_id: conversationId,
          parent_message_id: parentMessageId,
          retriever_from: "web_app",
        },
        signal,
      ),
    stop: (task) => server.stop("chat-messages", task),
    upload: server.upload,
    feedback: server.feedback,
    suggestedQuestions: (message) =>
      suggests ? server.suggestedQuestions(message) : Promise.resolve([]),
    history: server.messages,
  };
}
