import { MoreHorizontal, Pencil, Pin, PinOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PopMenu } from "../frame/PopMenu";
import type { Conversation } from "../server/shapes";

interface ConversationRowProps {
  conversation: Conversation;
  current: boolean;
  pinned: boolean;
  onOpen: () => void;
  onPin: () => void;
  onRename: (name: string) => void;
  onRemove: () => void;
}

export function ConversationRow(props: ConversationRowProps) {
  const { conversation, current, pinned, onOpen, onPin, onRename, onRemove } = props;
  const { t } = useTranslation("webapp");
  const [renaming, setRenaming] = useState(false);
  const name = conversation.name || t("list.untitled");
  if (renaming) {
    return (
      <li>
        <NameEntry
          name={name}
          onDone={(given) => {
            setRenaming(false);
            if (given && given !== conversation.name) onRename(given);
          }}
        />
      </li>
    );
  }
  const items = [
    {
      key: "pin",
      label: t(pinned ? "list.unpin" : "list.pin"),
      icon: pinned ? <PinOff size={14} /> : <Pin size={14} />,
      onSelect: onPin,
    },
    {
      key: "rename",
      label: t("list.rename"),
      icon: <Pencil size={14} />,
      onSelect: () => setRenaming(true),
    },
    {
      key: "delete",
      label: t("list.delete"),
      icon: <Trash2 size={14} />,
      danger: true,
      onSelect: onRemove,
    },
  ];
  return (
    <li className="group/row relative flex items-center">
      <button
        type="button"
        onClick={onOpen}
        aria-current={current ? "page" : undefined}
        title={name}
        className="h-8 min-w-0 flex-1 truncate rounded-control pl-2 pr-9 text-left hover:bg-line/50 aria-[current]:bg-brass-soft aria-[current]:font-medium aria-[current]:text-brass"
      >
        {name}
      </button>
      <div className="absolute right-0.5 opacity-0 focus-within:opacity-100 group-hover/row:opacity-100 has-[[aria-expanded=true]]:opacity-100 [@media(hover:none)]:opacity-100">
        <PopMenu
          small
          label={t("list.actions", { name })}
          icon={<MoreHorizontal size={15} />}
          items={items}
        />
      </div>
    </li>
  );
}

function NameEntry({ name, onDone }: { name: string; onDone: (name: string | null) => void }) {
  const { t } = useTranslation("webapp");
  const [text, setText] = useState(name);
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: it opens because the user asked to type here
      autoFocus
      value={text}
      maxLength={255}
      aria-label={t("list.renameLabel")}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => onDone(text.trim())}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") onDone(text.trim());
        if (event.key === "Escape") {
          event.stopPropagation();
          onDone(null);
        }
      }}
      className="h-8 w-full rounded-control border border-line-strong bg-surface px-2"
    />
  );
}
