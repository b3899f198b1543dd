import { useQuery } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Json } from "@/api/json";
import { StatusMark } from "@/features/app/run/StatusMark";
import { Timeline } from "@/features/app/run/Timeline";
import { parseGraph } from "@/graph/model";
import { type NodeRun, runFromRecords } from "@/graph/run";
import { errorText } from "@/ui/errorText";
import { JsonTree } from "@/ui/JsonTree";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Panel } from "@/ui/Panel";
import { RelativeTime } from "@/ui/RelativeTime";
import { amount, duration } from "@/ui/units";
import { runQuery } from "./queries";

const Canvas = lazy(() =>
  import("@/features/app/build/Canvas").then(({ Canvas }) => ({ default: Canvas })),
);

interface RunPanelProps {
  appId: string;
  runId: string;
  onClose: () => void;
}

/** One run of the past: its graph as it was taken, its steps over time, what went in and out. */
export function RunPanel({ appId, runId, onClose }: RunPanelProps) {
  const { t } = useTranslation("runs");
  const record = useQuery(runQuery(appId, runId));
  const [chosen, setChosen] = useState<string>();
  const detail = record.data;
  const state = useMemo(
    () => (detail ? runFromRecords(detail.run, detail.executions) : null),
    [detail],
  );
  const graph = useMemo(() => parseGraph(detail?.run.graph), [detail]);
  const step = chosen ? state?.runs[chosen] : undefined;

  return (
    <Panel title={t("run")} onClose={onClose} width={600}>
      {record.isPending && <Loading />}
      {record.error && (
        <div className="p-4">
          <Notice tone="bad">{errorText(record.error)}</Notice>
        </div>
      )}
      {detail && state && (
        <>
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-muted">
            <StatusMark status={detail.run.status} words />
            <span>{duration(detail.run.elapsed_time)}</span>
            <span>
              {t("run:tokens", {
                count: detail.run.total_tokens,
                shown: amount(detail.run.total_tokens),
              })}
            </span>
            <RelativeTime seconds={detail.run.created_at} />
          </div>
          {detail.run.error && (
            <div className="px-4 pb-3">
              <Notice tone="bad">{detail.run.error}</Notice>
            </div>
          )}
          {graph.nodes.length > 0 && (
            <div className="h-64 border-y border-line">
              <Suspense fallback={<Loading />}>
                <Canvas
                  graph={graph}
                  run={state}
                  selected={step?.nodeId}
                  onSelect={(node) => setChosen(node ? state.latest[node] : undefined)}
                />
              </Suspense>
            </div>
          )}
          <Timeline
            state={state}
            selected={chosen}
            onSelect={(run) => setChosen(run.key === chosen ? undefined : run.key)}
          />
          {step ? (
            <StepDetail step={step} />
          ) : (
            <InOut inputs={detail.run.inputs} outputs={detail.run.outputs} />
          )}
        </>
      )}
    </Panel>
  );
}

function StepDetail({ step }: { step: NodeRun }) {
  return (
    <>
      {step.error && (
        <div className="px-4 pt-3">
          <Notice tone="bad">{step.error}</Notice>
        </div>
      )}
      <InOut inputs={step.inputs} outputs={step.outputs} process={step.process} />
    </>
  );
}

function InOut({
  inputs,
  outputs,
  process,
}: {
  inputs: Json | undefined;
  outputs: Json | undefined;
  process?: Json | undefined;
}) {
  const { t } = useTranslation("runs");
  const parts = [
    { key: "outputs", title: t("outputs"), value: outputs },
    { key: "inputs", title: t("inputs"), value: inputs },
    { key: "process", title: t("process"), value: process },
  ].flatMap(({ key, title, value }) =>
    value === undefined || value === null ? [] : [{ key, title, value: decoded(value) }],
  );
  if (parts.length === 0) return null;
  return (
    <Tabs.Root defaultValue={parts[0]?.key} className="border-t border-line">
      <Tabs.List className="flex gap-4 px-4">
        {parts.map(({ key, title }) => (
          <Tabs.Trigger
            key={key}
            value={key}
            className="border-b-2 border-transparent py-2 text-muted hover:text-text data-[state=active]:border-brass data-[state=active]:font-medium data-[state=active]:text-text"
          >
            {title}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {parts.map(({ key, value }) => (
        <Tabs.Content key={key} value={key} className="p-4">
          <JsonTree value={value} open={3} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

/** Stored inputs and outputs may come as JSON text. */
function decoded(value: Json): Json {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
