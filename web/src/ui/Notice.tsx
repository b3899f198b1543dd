import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

type Tone = "bad" | "warn" | "ok" | "info";

const icons = { bad: CircleAlert, warn: TriangleAlert, ok: CircleCheck, info: Info };
const colours: Record<Tone, string> = {
  bad: "text-bad",
  warn: "text-warn",
  ok: "text-ok",
  info: "text-info",
};

/** A message that stays where the thing happened. Never colour alone: an icon stands beside the words. */
export function Notice({
  tone,
  children,
  action,
}: {
  tone: Tone;
  children: ReactNode;
  action?: ReactNode;
}) {
  const Icon = icons[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className="flex items-start gap-2 rounded-control border border-line bg-surface px-3 py-2"
    >
      <Icon aria-hidden="true" size={16} className={`mt-px shrink-0 ${colours[tone]}`} />
      <div className="min-w-0 flex-1 whitespace-pre-line break-words">{children}</div>
      {action}
    </div>
  );
}
