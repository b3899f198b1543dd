import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleStop,
  CircleX,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { Spinner } from "@/ui/Spinner";

const marks = {
  succeeded: { Icon: CircleCheck, colour: "text-ok" },
  "partial-succeeded": { Icon: CircleAlert, colour: "text-warn" },
  exception: { Icon: CircleAlert, colour: "text-warn" },
  failed: { Icon: CircleX, colour: "text-bad" },
  stopped: { Icon: CircleStop, colour: "text-muted" },
  paused: { Icon: CirclePause, colour: "text-info" },
} as const;

/** A run's or node's state as icon and, with `words`, the word beside it. */
export function StatusMark({
  status,
  words = false,
  size = 14,
}: {
  status: string;
  words?: boolean;
  size?: number;
}) {
  const { t } = useTranslation("run");
  const label = t(`status.${status}`, status);
  const live = status === "running" || status === "starting" || status === "retry";
  const mark = Object.hasOwn(marks, status) ? marks[status as keyof typeof marks] : undefined;
  const Icon = mark?.Icon ?? CircleDashed;
  return (
    <span
      className={`inline-flex items-center gap-1 whitespace-nowrap ${live ? "text-brass" : (mark?.colour ?? "text-muted")}`}
    >
      {live ? <Spinner /> : <Icon size={size} aria-hidden="true" />}
      <span className={words ? "" : "sr-only"}>{label}</span>
    </span>
  );
}
