import { X } from "lucide-react";
import { type ReactNode, useEffect, useEffectEvent } from "react";
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

/** Stands beside the page on wide screens and takes its place on phones; Escape closes it. */
export function Panel({ title, onClose, children, bar, width = 440 }: PanelProps) {
  const { t } = useTranslation("ui");
  // Dialogs and menus above it take the key for themselves.
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) onClose();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
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
