import type { ReactNode } from "react";

interface SectionProps {
  title: string;
  text?: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
}

/** A titled card on a page. */
export function Section({ title, text, action, children }: SectionProps) {
  return (
    <section aria-label={title} className="rounded-card border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-3 px-4 py-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-md">{title}</h2>
          {text && <p className="text-muted">{text}</p>}
        </div>
        {action}
      </div>
      {children && <div className="border-t border-line p-4">{children}</div>}
    </section>
  );
}
