import { Check, CircleAlert, Copy, ThumbsDown, ThumbsUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Markdown } from "@/chat/markdown/Markdown";
import { passages, spoken } from "@/chat/markdown/thinking";
import { type Answer, isRunning } from "@/chat/model/message";
import { FileList } from "@/chat/parts/FileList";
import { FormLinks } from "@/chat/parts/FormLinks";
import { failureText } from "@/chat/parts/failureText";
import { Reasoning } from "@/chat/parts/Reasoning";
import { RunSteps } from "@/chat/parts/RunSteps";
import { useCopy } from "@/chat/parts/useCopy";
import { IconButton } from "@/ui/IconButton";
import { Mark } from "@/ui/Mark";
import { DataTree } from "./DataTree";
import { copyableText, type Output, outputsOf } from "./outputs";
import type { RunState } from "./useRun";

/** A run and what came of it. */
export function ResultView({ run, showSteps }: { run: RunState; showSteps: boolean }) {
  const { t } = useTranslation("webapp");
  const { answer } = run;
  if (!answer) {
    return (
      <p className="flex h-full items-center justify-center py-10 text-center text-muted">
        {t("run.empty")}
      </p>
    );
  }
  const running = isRunning(answer);
  const outputs = outputsOf(answer);
  const waiting = running && outputs.length === 0;
  const nothing = answer.status === "done" && outputs.length === 0 && answer.files.length === 0;
  return (
    <section
      aria-label={t("run.result")}
      aria-busy={running}
      className="mx-auto flex max-w-[760px] flex-col gap-4"
    >
      {showSteps && answer.run && <RunSteps run={answer.run} open={answer.status === "failed"} />}
      {answer.reasoning && <Reasoning text={answer.reasoning} open={running} />}
      {waiting && (
        <div role="status" className="text-brass">
          <Mark size={24} running />
          <span className="sr-only">{t("run.running")}</span>
        </div>
      )}
      {outputs.map((output) => (
        <OutputView key={output.name ?? ""} output={output} growing={running} />
      ))}
      <ResultFiles answer={answer} />
      {nothing && <p className="text-muted">{t("run.nothing")}</p>}
      <FormLinks answer={answer} />
      <Outcome answer={answer} />
      {!running && outputs.length > 0 && <ResultBar run={run} answer={answer} outputs={outputs} />}
      <div aria-live="polite" className="sr-only">
        {running ? t("run.running") : spoken(copyableText(outputs)).slice(0, 2000)}
      </div>
    </section>
  );
}

function OutputView({ output, growing }: { output: Output; growing: boolean }) {
  const { name, value } = output;
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      {name !== null && <h2 className="font-mono text-xs font-normal text-muted">{name}</h2>}
      {typeof value === "string" ? (
        <Text text={value} growing={growing} />
      ) : (
        <DataTree value={value} />
      )}
    </div>
  );
}

function Text({ text, growing }: { text: string; growing: boolean }) {
  const parts = passages(text);
  return parts.map((part, index) => {
    const last = growing && index === parts.length - 1;
    return part.kind === "thought" ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: passages only ever grow at the end
      <Reasoning key={index} text={part.text} open={last && part.open} />
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: see above
      <Markdown key={index} text={part.text} growing={last} />
    );
  });
}

function ResultFiles({ answer }: { answer: Answer }) {
  const files = [...answer.files, ...(answer.run?.files ?? [])];
  return files.length > 0 ? <FileList files={files} /> : null;
}

function Outcome({ answer }: { answer: Answer }) {
  const { t } = useTranslation("webapp");
  const { t: chat } = useTranslation("chat");
  if (answer.status === "stopped" || answer.status === "paused") {
    return <p className="text-xs text-muted">{t(`run.${answer.status}`)}</p>;
  }
  if (!answer.failure) return null;
  return (
    <div
      role="alert"
      className="flex items-start gap-2 rounded-control border border-bad/40 bg-bad-soft px-3 py-2"
    >
      <CircleAlert size={16} aria-hidden="true" className="mt-px shrink-0 text-bad" />
      <span className="min-w-0 break-words">{failureText(chat, answer.failure)}</span>
    </div>
  );
}

function ResultBar({ run, answer, outputs }: { run: RunState; answer: Answer; outputs: Output[] }) {
  const { t } = useTranslation("webapp");
  const [copied, copy] = useCopy();
  const toggle = (rating: "like" | "dislike") =>
    void run.rate(answer.feedback === rating ? null : rating);
  return (
    <div className="-ml-1.5 flex">
      <IconButton
        small
        label={t(copied ? "run.copied" : "run.copy")}
        icon={copied ? <Check size={14} /> : <Copy size={14} />}
        onClick={() => copy(copyableText(outputs))}
      />
      {run.messageId && (
        <>
          <IconButton
            small
            label={t("run.like")}
            icon={<ThumbsUp size={14} />}
            pressed={answer.feedback === "like"}
            onClick={() => toggle("like")}
          />
          <IconButton
            small
            label={t("run.dislike")}
            icon={<ThumbsDown size={14} />}
            pressed={answer.feedback === "dislike"}
            onClick={() => toggle("dislike")}
          />
        </>
      )}
    </div>
  );
}
