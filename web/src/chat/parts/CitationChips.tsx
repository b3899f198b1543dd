import { useTranslation } from "react-i18next";
import type { Citation } from "../model/message";

interface CitationChipsProps {
  citations: Citation[];
  onOpen: (citation: Citation) => void;
}

/** The sources of an answer, numbered. */
export function CitationChips({ citations, onOpen }: CitationChipsProps) {
  const { t } = useTranslation("chat");
  if (citations.length === 0) return null;
  return (
    <ul aria-label={t("citations.label")} className="flex flex-wrap gap-1.5">
      {citations.map((citation) => (
        <li key={citation.position} className="min-w-0">
          <button
            type="button"
            onClick={() => onOpen(citation)}
            className="flex h-6 max-w-56 items-center gap-1.5 rounded-control border border-line bg-surface pr-2 text-xs text-muted hover:border-line-strong hover:text-text"
          >
            <span className="sr-only">{t("citations.title", { ...citation })}</span>
            <span
              aria-hidden="true"
              className="flex h-full min-w-6 items-center justify-center rounded-l-[5px] bg-brass-soft px-1 font-medium text-brass"
            >
              {citation.position}
            </span>
            <span className="truncate">{citation.document}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
