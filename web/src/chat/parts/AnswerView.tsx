import { CircleAlert, RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Mark } from "@/ui/Mark";
import { Markdown } from "../markdown/Markdown";
import { passages } from "../markdown/thinking";
import { type Answer, isRunning, type Turn } from "../model/message";
import { AnswerBar } from "./AnswerBar";
import { CitationChips } from "./CitationChips";
import { FileList } from "./FileList";
import { FormLinks } from "./FormLinks";
import { failureText } from "./failureText";
import { Reasoning } from "./Reasoning";
import { RunSteps } from "./RunSteps";
import { ToolCalls } from "./ToolCalls";
import type { TurnActions, TurnLook } from "./turnTypes";

interface AnswerViewProps {
  turn: Turn;
  siblings: Turn[];
  group: string;
  actions: TurnActions;
  look: TurnLook;
  busy: boolean;
}

export function AnswerView({ turn, siblings, group, actions, look, busy }: AnswerViewProps) {
  const { t } = useTranslation("chat");
  const { answer } = turn;
  const running = isRunning(answer);
  return (
    <article aria-busy={running} className="flex gap-3 pb-7">
      <h2 className="sr-only">{t("assistant")}</h2>
      {look.avatar && <div className="hidden shrink-0 pt-0.5 @[520px]:block">{look.avatar}</div>}
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        {look.showSteps && answer.run && <RunSteps run={answer.run} />}
        <ToolCalls thoughts={answer.thoughts} running={running} />
        {answer.reasoning && <Reasoning text={answer.reasoning} open={running && !answer.text} />}
        <AnswerText answer={answer} running={running} />
        {running && !answer.text && !answer.reasoning && <Waiting />}
        {answer.files.length > 0 && <FileList files={answer.files} />}
        <CitationChips citations={answer.citations} onOpen={actions.cite} />
        {look.formLinks && <FormLinks answer={answer} />}
        <Outcome answer={answer} onRetry={busy ? null : () => actions.regenerate(turn.key)} />
        {!running && <AnswerBar {...{ turn, siblings, group, actions, look, busy }} />}
      </div>
    </article>
  );
}

function AnswerText({ answer, running }: { answer: Answer; running: boolean }) {
  const parts = passages(answer.text);
  const last = parts.length - 1;
  return parts.map((part, index) => {
    const growing = running && index === last;
    return part.kind === "thought" ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: passages only ever grow at the end
      <Reasoning key={index} text={part.text} open={growing && part.open} />
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: see above
      <Markdown key={index} text={part.text} growing={growing} />
    );
  });
}

function Waiting() {
  const { t } = useTranslation("chat");
  return (
    <div className="flex h-6 items-center text-brass">
      <Mark size={20} running />
      <span className="sr-only">{t("waiting")}</span>
    </div>
  );
}

/** Why there is no more text than this, where there is a reason. */
function Outcome({ answer, onRetry }: { answer: Answer; onRetry: (() => void) | null }) {
  const { t } = useTranslation("chat");
  if (answer.status === "stopped" || answer.status === "paused") {
    return <p className="text-xs text-muted">{t(answer.status)}</p>;
  }
  if (answer.status !== "failed" || !answer.failure) return null;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-control border border-bad/40 bg-bad-soft px-3 py-2"
    >
      <CircleAlert size={16} aria-hidden="true" className="shrink-0 text-bad" />
      <span className="min-w-0 flex-1 break-words">{failureText(t, answer.failure)}</span>
      {onRetry && (
        <Button small icon={<RotateCcw size={13} aria-hidden="true" />} onClick={onRetry}>
          {t("actions.retry")}
        </Button>
      )}
    </div>
  );
}
