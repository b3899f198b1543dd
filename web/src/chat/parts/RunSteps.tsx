import {
  Ban,
  CircleAlert,
  CircleCheck,
  CirclePause,
  type LucideIcon,
  RotateCcw,
  TriangleAlert,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { Spinner } from "@/ui/Spinner";
import { duration } from "../format";
import type { Run, RunStatus, Step, StepStatus } from "../model/message";
import { Fold } from "./Fold";

type Look = [LucideIcon, string];
const stepLooks: Record<Exclude<StepStatus, "running">, Look> = {
  succeeded: [CircleCheck, "text-ok"],
  failed: [CircleAlert, "text-bad"],
  exception: [TriangleAlert, "text-warn"],
  retry: [RotateCcw, "text-warn"],
  stopped: [Ban, "text-muted"],
};
const runLooks: Record<Exclude<RunStatus, "running">, Look> = {
  succeeded: stepLooks.succeeded,
  "partial-succeeded": stepLooks.exception,
  failed: stepLooks.failed,
  stopped: stepLooks.stopped,
  paused: [CirclePause, "text-warn"],
};

/** A run in one line with its total time; unfolded, each node with its state. */
export function RunSteps({ run, open = false }: { run: Run; open?: boolean }) {
  return (
    <Fold summary={<Summary run={run} />} open={open}>
      <ul className="flex flex-col gap-1 pb-1">
        {run.steps.map((step) => (
          <StepRow key={step.key} step={step} />
        ))}
      </ul>
    </Fold>
  );
}

function Summary({ run }: { run: Run }) {
  const { t } = useTranslation("chat");
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {run.status === "running" ? (
        <Spinner className="shrink-0 text-brass" />
      ) : (
        <StateIcon look={runLooks[run.status]} />
      )}
      <span className="truncate">{useSummary(run)}</span>
      {run.elapsed !== null && <Time seconds={run.elapsed} />}
      {run.tokens ? (
        <span className="hidden whitespace-nowrap @[520px]:inline">
          {t("steps.tokens", { count: run.tokens })}
        </span>
      ) : null}
    </span>
  );
}

function useSummary(run: Run): string {
  const { t } = useTranslation("chat");
  switch (run.status) {
    case "running": {
      const current = run.steps.findLast((step) => step.status === "running") ?? run.steps.at(-1);
      return current ? t("steps.running", { title: current.title }) : t("steps.starting");
    }
    case "succeeded":
      return t("steps.done", { count: run.steps.length });
    case "partial-succeeded":
      return t("steps.partial");
    default:
      return t(`steps.${run.status}`);
  }
}

function StepRow({ step }: { step: Step }) {
  const { t } = useTranslation("chat");
  const notes = [
    step.count > 1 ? t("steps.times", { count: step.count }) : "",
    step.retries > 0 ? t("steps.retried", { count: step.retries }) : "",
  ].filter(Boolean);
  return (
    <li className={step.container ? "pl-5" : ""}>
      <div className="flex min-w-0 items-center gap-1.5">
        {step.status === "running" ? (
          <Spinner className="shrink-0 text-brass" />
        ) : (
          <StateIcon look={stepLooks[step.status]} />
        )}
        <span className="sr-only">{t(`steps.state.${step.status}`)}</span>
        <span className="truncate">{step.title}</span>
        {notes.length > 0 && (
          <span className="whitespace-nowrap text-xs text-muted">{notes.join(", ")}</span>
        )}
        <span className="ml-auto pl-3">
          {step.elapsed !== null && <Time seconds={step.elapsed} />}
        </span>
      </div>
      {step.error && <p className="break-words pl-5 text-xs text-bad">{step.error}</p>}
    </li>
  );
}

function StateIcon({ look: [Icon, colour] }: { look: Look }) {
  return <Icon size={14} aria-hidden="true" className={`shrink-0 ${colour}`} />;
}

/** Time in words; the exact value on hover. */
function Time({ seconds }: { seconds: number }) {
  return (
    <span className="whitespace-nowrap text-xs text-muted" title={`${seconds} s`}>
      {duration(seconds)}
    </span>
  );
}
