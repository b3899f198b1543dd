import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

interface FoldProps {
  summary: ReactNode;
  children: ReactNode;
  open?: boolean;
}

/** One line that unfolds. The browser's own element: keyboard and readers know it. */
export function Fold({ summary, children, open = false }: FoldProps) {
  return (
    <details className="group/fold min-w-0 text-sm" open={open}>
      <summary className="flex w-fit max-w-full list-none items-center gap-1.5 rounded-control py-0.5 pr-2 text-muted hover:text-text [&::-webkit-details-marker]:hidden">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="shrink-0 transition-transform duration-150 group-open/fold:rotate-90"
        />
        {summary}
      </summary>
      <div className="ml-[6.5px] mt-1 border-l border-line pl-3.5">{children}</div>
    </details>
  );
}
