import { useEffect, useState, useSyncExternalStore } from "react";
import type { StreamEvent } from "@/api/events";
import type { ChatClient } from "../client";
import { ChatSession, type SessionState } from "../session";

interface Options {
  client: ChatClient;
  conversationId: string;
  onEvent?: ((event: StreamEvent) => void) | undefined;
  onConversation?: ((id: string) => void) | undefined;
}

/** The session of one panel, kept in step with the conversation its owner wants to see. */
export function useSession(options: Options): [ChatSession, SessionState] {
  const { client, conversationId, onEvent, onConversation } = options;
  const [session] = useState(() => new ChatSession({ client, onEvent, onConversation }));
  const state = useSyncExternalStore(session.subscribe, session.snapshot);
  useEffect(
    () => session.use({ client, onEvent, onConversation }),
    [session, client, onEvent, onConversation],
  );
  useEffect(() => {
    void session.open(conversationId);
  }, [session, conversationId]);
  // A panel that is gone listens no more; the run goes on at the server.
  useEffect(() => () => session.leave(), [session]);
  return [session, state];
}
