import type { ReactNode } from "react";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** One sentence: what this is for. */
  text?: string;
  action?: ReactNode;
  /** Where it stands for a whole page. */
  main?: boolean;
}

export function EmptyState({ icon, title, text, action, main }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-16 text-center">
      {icon && <div className="mb-1 text-muted">{icon}</div>}
      {main ? <h1 className="text-lg">{title}</h1> : <h2 className="text-lg">{title}</h2>}
      {text && <p className="max-w-prose text-muted">{text}</p>}
      {action && <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
