import type { ReactNode } from "react";
import { useTitle } from "./useTitle";

interface PageProps {
  title: string;
  text?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}

/** A scrolling column with a heading. */
export function Page({ title, text, action, children }: PageProps) {
  useTitle(title);
  return (
    <div className="min-h-0 min-w-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-3xl flex-col gap-4 p-4 sm:p-6">
        <div className="flex flex-wrap items-center gap-3">
          <div className="min-w-0 flex-1">
            <h1 className="text-xl">{title}</h1>
            {text && <p className="mt-0.5 text-muted">{text}</p>}
          </div>
          {action}
        </div>
        {children}
      </div>
    </div>
  );
}
