import { MessageSquarePlus, PanelLeft } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import type { OpenApp } from "../entry/app";
import type { Conversation } from "../server/shapes";
import { ChatView } from "./ChatView";
import { ConversationList } from "./ConversationList";
import { Drawer } from "./Drawer";
import { find } from "./listModel";
import { useConversations } from "./useConversations";
import { useOpenConversation } from "./useOpenConversation";

/** The full chat page: conversations at the left, the open one beside them. */
export default function ChatPage({ app }: { app: OpenApp }) {
  const { t } = useTranslation("webapp");
  const { site, server, place } = app;
  const conversations = useConversations(server);
  const { id, visit, open, begun } = useOpenConversation(place.conversationId);
  const [drawer, setDrawer] = useState(false);
  const known = find(conversations.lists, id);
  // Conversations that began on this page and still have the name they were given at first.
  const untitled = useRef(new Set<string>());

  const openOne = (next: string): void => {
    setDrawer(false);
    open(next);
  };
  const remove = (conversation: Conversation): void => {
    conversations.remove(conversation);
    if (conversation.id === id) open("");
  };
  const { begun: listBegun, title } = conversations;
  const onBegun = useCallback(
    (newId: string, inputs: Record<string, unknown>) => {
      untitled.current.add(newId);
      listBegun({ id: newId, name: t("list.untitled"), inputs, updated_at: Date.now() / 1000 });
      begun(newId);
    },
    [listBegun, begun, t],
  );
  const onAnswered = useCallback(
    (conversation: string) => {
      if (untitled.current.delete(conversation)) void title(conversation);
    },
    [title],
  );
  const list = (
    <ConversationList
      site={site}
      conversations={conversations}
      open={id}
      onOpen={openOne}
      onRemove={remove}
    />
  );
  return (
    <div className="flex h-dvh">
      <div className="hidden w-64 shrink-0 border-r border-line lg:block">{list}</div>
      <Drawer label={t("list.label")} open={drawer} onClose={() => setDrawer(false)}>
        {list}
      </Drawer>
      <main className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line px-2 lg:hidden">
          <IconButton
            label={t("list.open")}
            icon={<PanelLeft size={18} aria-hidden="true" />}
            onClick={() => setDrawer(true)}
          />
          <h1 className="min-w-0 flex-1 truncate px-1 text-center text-sm">
            {known?.name ?? site.title}
          </h1>
          <IconButton
            label={t("list.new")}
            icon={<MessageSquarePlus size={18} aria-hidden="true" />}
            onClick={() => openOne("")}
          />
        </header>
        <div className="min-h-0 flex-1">
          <ChatView
            key={visit}
            app={app}
            conversationId={id}
            known={known}
            onBegun={onBegun}
            onAnswered={onAnswered}
          />
        </div>
      </main>
    </div>
  );
}
