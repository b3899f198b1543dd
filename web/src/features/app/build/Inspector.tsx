import { Tabs } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { Json } from "@/api/json";
import { kindOf } from "@/graph/kinds";
import type { GraphNode } from "@/graph/model";
import type { NodeRun } from "@/graph/run";
import { EmptyState } from "@/ui/EmptyState";
import { JsonTree } from "@/ui/JsonTree";
import { Notice } from "@/ui/Notice";
import { Panel } from "@/ui/Panel";
import { duration } from "@/ui/units";
import { hueText } from "../run/hue";
import { StatusMark } from "../run/StatusMark";
import { NodeSettings } from "./NodeSettings";

export type InspectorTab = "settings" | "input" | "output";

interface InspectorProps {
  node: GraphNode;
  run: NodeRun | undefined;
  tab: InspectorTab;
  onTab: (tab: InspectorTab) => void;
  onClose: () => void;
}

const tabs: readonly InspectorTab[] = ["settings", "input", "output"];

/** One node: how it is set, what went in, what came out. */
export function Inspector({ node, run, tab, onTab, onClose }: InspectorProps) {
  const { t } = useTranslation(["build", "nodes"]);
  const { icon: Icon, hue } = kindOf(node.type);
  return (
    <Tabs.Root
      value={tab}
      onValueChange={(value) => onTab(tabs.find((one) => one === value) ?? "settings")}
      className="contents"
    >
      <Panel
        onClose={onClose}
        title={
          <>
            <Icon size={16} aria-hidden="true" className={`shrink-0 ${hueText[hue]}`} />
            <span className="truncate">{node.title || t(`nodes:${node.type}`, node.type)}</span>
          </>
        }
        bar={
          <Tabs.List
            aria-label={t("build:inspector")}
            className="flex shrink-0 gap-4 border-b border-line px-4"
          >
            {tabs.map((one) => (
              <Tabs.Trigger
                key={one}
                value={one}
                className="-mb-px border-b-2 border-transparent py-2 text-muted hover:text-text data-[state=active]:border-brass data-[state=active]:font-medium data-[state=active]:text-text"
              >
                {t(`build:${one}`)}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
        }
      >
        <Tabs.Content value="settings" className="p-4">
          <NodeSettings node={node} />
        </Tabs.Content>
        <Tabs.Content value="input" className="p-4">
          {run ? <Value value={run.inputs} /> : <NoRun />}
        </Tabs.Content>
        <Tabs.Content value="output" className="flex flex-col gap-4 p-4">
          {run ? (
            <>
              <div className="flex items-center gap-3 text-muted">
                <StatusMark status={run.status} words />
                {run.elapsed !== null && <span>{duration(run.elapsed / 1000)}</span>}
                {run.tokens > 0 && <span>{t("build:tokens", { count: run.tokens })}</span>}
              </div>
              {run.error && <Notice tone="bad">{run.error}</Notice>}
              <Value value={run.outputs} />
              {run.process !== undefined && run.process !== null && (
                <details>
                  <summary className="text-muted">{t("build:process")}</summary>
                  <div className="mt-2">
                    <JsonTree value={run.process} />
                  </div>
                </details>
              )}
            </>
          ) : (
            <NoRun />
          )}
        </Tabs.Content>
      </Panel>
    </Tabs.Root>
  );
}

function Value({ value }: { value: Json | undefined }) {
  const { t } = useTranslation("build");
  const nothing =
    value === undefined ||
    value === null ||
    (typeof value === "object" && Object.keys(value).length === 0);
  if (nothing) return <p className="text-muted">{t("nothing")}</p>;
  return <JsonTree value={value} open={3} />;
}

function NoRun() {
  const { t } = useTranslation("build");
  return <EmptyState title={t("notRun")} text={t("notRunText")} />;
}
