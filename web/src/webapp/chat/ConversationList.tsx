import { MessageSquarePlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { failureText } from "@/chat/parts/failureText";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { SiteIcon } from "../frame/SiteIcon";
import { SmallPrint } from "../frame/SmallPrint";
import { ThemeMenu } from "../frame/ThemeMenu";
import type { Conversation, Site } from "../server/shapes";
import { ConversationRow } from "./ConversationRow";
import type { Conversations } from "./useConversations";

interface ConversationListProps {
  site: Site;
  conversations: Conversations;
  /** The open one, "" for a new one. */
  open: string;
  onOpen: (id: string) => void;
  onRemove: (conversation: Conversation) => void;
}

export function ConversationList({
  site,
  conversations,
  open,
  onOpen,
  onRemove,
}: ConversationListProps) {
  const { t } = useTranslation("webapp");
  const { lists, state, hasMore } = conversations;
  const none = state === "ready" && lists.pinned.length + lists.recent.length === 0;
  const rows = (all: readonly Conversation[], pinned: boolean) =>
    all.map((each) => (
      <ConversationRow
        key={each.id}
        conversation={each}
        current={each.id === open}
        pinned={pinned}
        onOpen={() => onOpen(each.id)}
        onPin={() => void conversations.pin(each.id, !pinned)}
        onRename={(name) => void conversations.rename(each.id, name)}
        onRemove={() => onRemove(each)}
      />
    ));
  return (
    <nav aria-label={t("list.label")} className="flex h-full min-h-0 flex-col">
      <div className="flex items-center gap-2.5 px-4 pb-2 pt-4">
        <SiteIcon site={site} />
        <h1 className="min-w-0 flex-1 truncate text-md">{site.title}</h1>
      </div>
      <div className="px-3 py-2">
        <Button
          className="w-full"
          icon={<MessageSquarePlus size={15} aria-hidden="true" />}
          onClick={() => onOpen("")}
        >
          {t("list.new")}
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        <Group label={t("list.pinned")}>{rows(lists.pinned, true)}</Group>
        <Group label={t("list.recent")}>{rows(lists.recent, false)}</Group>
        {none && <p className="px-2 py-3 text-muted">{t("list.empty")}</p>}
        {hasMore && (
          <Button
            small
            look="quiet"
            className="mt-1 w-full"
            onClick={() => void conversations.loadMore()}
          >
            {t("list.more")}
          </Button>
        )}
        <ListState conversations={conversations} />
      </div>
      <footer className="flex items-center gap-2 border-t border-line py-2 pl-4 pr-2">
        <div className="min-w-0 flex-1">
          <SmallPrint site={site} />
        </div>
        <ThemeMenu up />
      </footer>
    </nav>
  );
}

function Group({ label, children }: { label: string; children: React.ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <section aria-label={label}>
      <h2 className="px-2 pb-1 pt-3 text-xs font-normal text-muted">{label}</h2>
      <ul className="flex flex-col gap-px">{children}</ul>
    </section>
  );
}

function ListState({ conversations }: Pick<ConversationListProps, "conversations">) {
  const { t } = useTranslation("webapp");
  const { t: chat } = useTranslation("chat");
  if (conversations.state === "loading") {
    return (
      <div role="status" className="flex justify-center py-4 text-muted">
        <Spinner />
        <span className="sr-only">{t("loading")}</span>
      </div>
    );
  }
  if (conversations.state !== "failed" || !conversations.failure) return null;
  return (
    <div role="alert" className="flex flex-col items-start gap-2 px-2 py-3">
      <p className="text-bad">
        {t("list.failed")} {failureText(chat, conversations.failure)}
      </p>
      <Button small onClick={() => void conversations.load()}>
        {t("list.retry")}
      </Button>
    </div>
  );
}
