import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./IconButton";

interface PanelProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  /** Above the scrolling part, below the title. */
  bar?: ReactNode;
  width?: number;
}

/** Stands beside the page on wide screens and takes its place on phones. */
export function Panel({ title, onClose, children, bar, width = 440 }: PanelProps) {
  const { t } = useTranslation("ui");
  return (
    <aside
      className="appear absolute inset-0 z-20 flex min-h-0 flex-col border-line bg-surface lg:static lg:shrink-0 lg:border-l"
      style={{ ["--panel" as string]: `${width}px` }}
    >
      <div className="flex min-h-0 flex-1 flex-col lg:w-(--panel)">
        <div className="flex h-12 shrink-0 items-center gap-2 border-b border-line pl-4 pr-2">
          <h2 className="flex min-w-0 flex-1 items-center gap-2 truncate text-md">{title}</h2>
          <IconButton label={t("close")} icon={<X size={16} />} onClick={onClose} />
        </div>
        {bar}
        <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
      </div>
    </aside>
  );
}
