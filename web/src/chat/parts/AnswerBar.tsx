import {
  Check,
  ChevronLeft,
  ChevronRight,
  Copy,
  RotateCcw,
  ThumbsDown,
  ThumbsUp,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { spoken } from "../markdown/thinking";
import type { Turn } from "../model/message";
import type { TurnActions, TurnLook } from "./turnTypes";
import { useCopy } from "./useCopy";

interface AnswerBarProps {
  turn: Turn;
  siblings: Turn[];
  group: string;
  actions: TurnActions;
  look: TurnLook;
  busy: boolean;
}

/** What can be done with a finished answer. */
export function AnswerBar({ turn, siblings, group, actions, look, busy }: AnswerBarProps) {
  const { t } = useTranslation("chat");
  const [copied, copy] = useCopy();
  const { answer, key } = turn;
  const rated = look.showRating && turn.id !== null && answer.status !== "failed";
  return (
    <div className="-ml-1.5 flex flex-wrap items-center">
      <Siblings {...{ turn, siblings, group, actions, busy }} />
      {answer.text && (
        <IconButton
          small
          label={t(copied ? "actions.copied" : "actions.copy")}
          icon={copied ? <Check size={14} /> : <Copy size={14} />}
          onClick={() => copy(spoken(answer.text))}
        />
      )}
      {answer.status !== "failed" && (
        <IconButton
          small
          label={t("actions.regenerate")}
          icon={<RotateCcw size={14} />}
          disabled={busy}
          onClick={() => actions.regenerate(key)}
        />
      )}
      {rated && <Rating turn={turn} actions={actions} />}
    </div>
  );
}

function Rating({ turn, actions }: Pick<AnswerBarProps, "turn" | "actions">) {
  const { t } = useTranslation("chat");
  const { key, answer } = turn;
  const toggle = (rating: "like" | "dislike"): void =>
    actions.rate(key, answer.feedback === rating ? null : rating);
  return (
    <>
      <IconButton
        small
        label={t("actions.like")}
        icon={<ThumbsUp size={14} />}
        pressed={answer.feedback === "like"}
        onClick={() => toggle("like")}
      />
      <IconButton
        small
        label={t("actions.dislike")}
        icon={<ThumbsDown size={14} />}
        pressed={answer.feedback === "dislike"}
        onClick={() => toggle("dislike")}
      />
    </>
  );
}

type SiblingsProps = Omit<AnswerBarProps, "look">;

/** Switches between the answers to one place of the conversation. */
function Siblings({ turn, siblings, group, actions, busy }: SiblingsProps) {
  const { t } = useTranslation("chat");
  if (siblings.length < 2) return null;
  const at = siblings.findIndex((each) => each.key === turn.key);
  const go = (to: number): void => {
    const other = siblings[to];
    if (other) actions.choose(group, other.key);
  };
  const place = { at: at + 1, count: siblings.length };
  return (
    <div className="flex items-center text-xs text-muted">
      <IconButton
        small
        label={t("siblings.previous")}
        icon={<ChevronLeft size={14} />}
        disabled={busy || at <= 0}
        onClick={() => go(at - 1)}
      />
      <span role="img" aria-label={t("siblings.label", place)}>
        {`${place.at}/${place.count}`}
      </span>
      <IconButton
        small
        label={t("siblings.next")}
        icon={<ChevronRight size={14} />}
        disabled={busy || at >= siblings.length - 1}
        onClick={() => go(at + 1)}
      />
    </div>
  );
}
