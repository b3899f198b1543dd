import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { Markdown } from "../markdown/Markdown";
import type { Citation } from "../model/message";

interface PassagePanelProps {
  citation: Citation;
  onClose: () => void;
}

/** The passage behind a citation: beside the chat, or over its lower half where there is no room. */
export default function PassagePanel({ citation, onClose }: PassagePanelProps) {
  const { t } = useTranslation("chat");
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another source moves the reader's focus again
  useEffect(() => panel.current?.focus(), [citation]);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label={t("citations.title", { ...citation })}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
      className="appear absolute inset-x-0 bottom-0 z-20 flex max-h-[60%] flex-col border-t border-line bg-raised outline-none @[820px]:static @[820px]:max-h-none @[820px]:w-80 @[820px]:shrink-0 @[820px]:border-l @[820px]:border-t-0"
    >
      <header className="flex items-center gap-2 border-b border-line py-2 pl-4 pr-2">
        <h2 className="min-w-0 flex-1">
          <span className="block text-xs font-normal text-muted">
            {t("citations.title", { ...citation })}
          </span>
          <span className="block truncate">{citation.document}</span>
        </h2>
        <IconButton label={t("citations.close")} icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">
        {citation.score !== null && (
          <p className="pb-2 text-xs text-muted" title={String(citation.score)}>
            {t("citations.score", { score: citation.score.toFixed(2) })}
          </p>
        )}
        <Markdown text={citation.content} />
      </div>
    </aside>
  );
}
