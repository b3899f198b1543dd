/** What stands on the canvas for each node. Memoised: only its own execution makes it draw again. */
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { JsonObject } from "@/api/json";
import { kindOf } from "@/graph/kinds";
import type { Branch } from "@/graph/model";
import { noteText } from "@/graph/noteText";
import type { NodeRun } from "@/graph/run";
import { duration } from "@/ui/units";
import { hueEdge, hueText } from "../run/hue";
import { StatusMark } from "../run/StatusMark";
import { useNodeRun } from "./runContext";

interface CardData extends Record<string, unknown> {
  type: string;
  title: string;
  settings: JsonObject;
  branches: Branch[];
}

export type CanvasNode = Node<CardData>;

function In() {
  return <Handle id="target" type="target" position={Position.Left} isConnectable={false} />;
}

function Out({ branch }: { branch: Branch }) {
  return (
    <Handle id={branch.handle} type="source" position={Position.Right} isConnectable={false} />
  );
}

export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CanvasNode>) {
  return <Card run={useNodeRun(id)} data={data} selected={selected} />;
});

interface CardProps {
  run: NodeRun | undefined;
  data: CardData;
  selected: boolean;
}

const Card = memo(function Card({ run, data, selected }: CardProps) {
  const { t } = useTranslation("nodes");
  const { type, title, settings, branches } = data;
  const { icon: Icon, hue, summary } = kindOf(type);
  const failed = run?.status === "failed";
  const border = failed
    ? "border-bad"
    : run?.status === "running"
      ? "border-brass"
      : selected
        ? "border-text"
        : "border-line";
  const ways = branches.filter(({ label }) => label !== null);
  return (
    <div
      className={`size-full rounded-card border bg-surface transition-colors duration-150 ${border}`}
    >
      <div
        className={`relative h-[58px] rounded-l-[9px] border-l-[3px] ${hueEdge[hue]} px-2.5 py-2`}
      >
        {type !== "start" && !type.startsWith("trigger-") && <In />}
        <div className="flex items-center gap-2">
          <Icon size={15} aria-hidden="true" className={`shrink-0 ${hueText[hue]}`} />
          <span className="min-w-0 flex-1 truncate font-semibold">{title || t(type, type)}</span>
          {run && <RunBadge run={run} />}
        </div>
        <div className="mt-0.5 truncate text-xs text-muted">
          {summary(settings) || t(type, type)}
        </div>
        {ways.length === 0 && branches[0] && <Out branch={branches[0]} />}
      </div>
      {ways.map((branch) => (
        <div
          key={branch.handle}
          className="relative flex h-6 items-center justify-end border-t border-line px-2.5 text-xs text-muted"
        >
          <span className="truncate">{branch.label}</span>
          <Out branch={branch} />
        </div>
      ))}
    </div>
  );
});

function RunBadge({ run }: { run: NodeRun }) {
  return (
    <span className="flex items-center gap-1 text-xs text-muted">
      {run.elapsed !== null && <span>{duration(run.elapsed / 1000)}</span>}
      <StatusMark status={run.status} />
    </span>
  );
}

export const ContainerCard = memo(function ContainerCard({
  id,
  data,
  selected,
}: NodeProps<CanvasNode>) {
  const { t } = useTranslation("nodes");
  const run = useNodeRun(id);
  const { icon: Icon, hue } = kindOf(data.type);
  const [out] = data.branches;
  return (
    <div
      className={`size-full rounded-card border border-l-[3px] bg-surface/60 ${hueEdge[hue]} ${selected ? "border-text" : "border-line"}`}
    >
      <In />
      <div className="flex items-center gap-2 px-2.5 py-2">
        <Icon size={15} aria-hidden="true" className={`shrink-0 ${hueText[hue]}`} />
        <span className="min-w-0 flex-1 truncate font-semibold">
          {data.title || t(data.type, data.type)}
        </span>
        {run && <RunBadge run={run} />}
      </div>
      {out && <Out branch={out} />}
    </div>
  );
});

export const EntryCard = memo(function EntryCard({ data }: NodeProps<CanvasNode>) {
  const { t } = useTranslation("nodes");
  const { icon: Icon, hue } = kindOf(data.type);
  const [out] = data.branches;
  return (
    <div
      className="flex size-full items-center justify-center rounded-card border border-line bg-surface"
      title={t(data.type, data.type)}
    >
      <Icon size={16} aria-hidden="true" className={hueText[hue]} />
      {out && <Out branch={out} />}
    </div>
  );
});

export const NoteCard = memo(function NoteCard({ data }: NodeProps<CanvasNode>) {
  return (
    <div className="size-full overflow-hidden whitespace-pre-wrap rounded-card border border-line bg-brass-soft p-3 text-xs">
      {noteText(data.settings.text)}
    </div>
  );
});
