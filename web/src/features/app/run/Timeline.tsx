import { memo } from "react";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/graph/kinds";
import type { NodeRun, RunState } from "@/graph/run";
import { amount, duration } from "@/ui/units";
import { hueText } from "./hue";
import { StatusMark } from "./StatusMark";
import { useNow } from "./useNow";

interface TimelineProps {
  state: RunState;
  selected?: string | undefined;
  onSelect: (run: NodeRun) => void;
}

/** A run over time: one bar for each execution, with its time and tokens. */
export function Timeline({ state, selected, onSelect }: TimelineProps) {
  const { t } = useTranslation("run");
  const live = state.status === "running";
  const now = useNow(live);
  const runs = state.order.flatMap((key) => state.runs[key] ?? []);
  const reached = live ? now - state.began : (state.elapsed ?? 0);
  const total = Math.max(reached, ...runs.map((run) => run.start + (run.elapsed ?? 0)), 1);
  if (runs.length === 0) return <p className="p-4 text-muted">{t("noSteps")}</p>;
  return (
    <ol aria-label={t("timeline")} className="@container min-w-0 py-1 tabular-nums">
      {runs.map((run) => (
        <Bar
          key={run.key}
          run={run}
          total={total}
          end={run.elapsed === null ? Math.max(reached, run.start) : run.start + run.elapsed}
          selected={selected === run.key}
          onSelect={onSelect}
        />
      ))}
    </ol>
  );
}

interface BarProps {
  run: NodeRun;
  total: number;
  end: number;
  selected: boolean;
  onSelect: (run: NodeRun) => void;
}

const Bar = memo(function Bar({ run, total, end, selected, onSelect }: BarProps) {
  const { t } = useTranslation("run");
  const { icon: Icon, hue } = kindOf(run.type);
  const left = Math.min((run.start / total) * 100, 99.5);
  const width = Math.max(((end - run.start) / total) * 100, 0.5);
  const colour =
    run.status === "failed"
      ? "bg-bad"
      : run.status === "exception"
        ? "bg-warn"
        : run.status === "running"
          ? "bg-brass"
          : "bg-ok";
  const took = (end - run.start) / 1000;
  return (
    <li>
      <button
        type="button"
        aria-pressed={selected}
        onClick={() => onSelect(run)}
        className="flex h-7 w-full items-center gap-2 px-3 text-left text-xs -outline-offset-2 hover:bg-line/40 aria-pressed:bg-brass-soft"
      >
        <StatusMark status={run.status} />
        <span
          className={`flex w-28 min-w-0 shrink-0 items-center gap-1.5 @sm:w-36 @xl:w-48 ${run.container ? "pl-4" : ""}`}
        >
          <Icon size={13} aria-hidden="true" className={`shrink-0 ${hueText[hue]}`} />
          <span className="truncate">{run.title || t(`nodes:${run.type}`, run.type)}</span>
          {run.round !== null && (
            <span className="shrink-0 text-muted">{t("round", { number: run.round + 1 })}</span>
          )}
          {run.retries > 0 && (
            <span className="shrink-0 text-warn">{t("retries", { count: run.retries })}</span>
          )}
        </span>
        <span className="relative h-2 min-w-8 flex-1 rounded-full bg-line/50">
          <span
            className={`absolute inset-y-0 rounded-full ${colour}`}
            style={{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}
          />
        </span>
        <span className="w-16 shrink-0 text-right text-muted">{duration(took)}</span>
        <span
          className="hidden w-20 shrink-0 text-right text-muted @lg:block"
          title={run.price && Number(run.price) > 0 ? t("price", { price: run.price }) : undefined}
        >
          {run.tokens > 0 ? t("tokens", { count: run.tokens, shown: amount(run.tokens) }) : ""}
        </span>
      </button>
    </li>
  );
});
