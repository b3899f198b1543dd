import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AppDetail } from "@/api/types";
import { parseGraph, startVariables } from "@/graph/model";
import type { NodeRun } from "@/graph/run";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { draftQuery } from "../queries";
import { formFields } from "../run/formValues";
import { useRunState } from "../run/store";
import { Canvas } from "./Canvas";
import { Inspector, type InspectorTab } from "./Inspector";
import { RunBar } from "./RunBar";

/** Build of a graph app: canvas, inspector beside it, run bar below. */
export function GraphBuild({ app }: { app: AppDetail }) {
  const { t } = useTranslation("build");
  const search = useSearch({ from: "/framed/app/$appId/build" });
  const navigate = useNavigate({ from: "/app/$appId/build" });
  const draft = useQuery(draftQuery(app.id));
  const state = useRunState(app.id);
  const json = draft.data?.graph;
  const graph = useMemo(() => parseGraph(json), [json]);
  const fields = useMemo(() => formFields(startVariables(graph)), [graph]);

  if (draft.isPending) return <Loading />;
  if (draft.error)
    return (
      <div className="p-4">
        <Notice tone="bad">{errorText(draft.error)}</Notice>
      </div>
    );
  if (graph.nodes.length === 0) return <EmptyState title={t("emptyTitle")} text={t("emptyText")} />;

  const select = (node: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, node, run: undefined }), replace: true });
  const inspect = (run: NodeRun) =>
    void navigate({
      search: (old) => ({ ...old, node: run.nodeId, run: run.key, tab: old.tab ?? "output" }),
      replace: true,
    });
  const setTab = (tab: InspectorTab) =>
    void navigate({
      search: (old) => ({ ...old, tab: tab === "settings" ? undefined : tab }),
      replace: true,
    });
  const node = graph.nodes.find(({ id }) => id === search.node);
  const shownRun = state.runs[search.run ?? ""] ?? state.runs[state.latest[node?.id ?? ""] ?? ""];

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="relative flex min-h-0 flex-1">
        <div className="min-w-0 flex-1">
          <Canvas graph={graph} run={state} selected={node?.id} onSelect={select} />
        </div>
        {node && (
          <Inspector
            node={node}
            run={shownRun}
            tab={search.tab ?? "settings"}
            onTab={setTab}
            onClose={() => select(undefined)}
          />
        )}
      </div>
      <RunBar
        appId={app.id}
        mode={app.mode}
        fields={fields}
        state={state}
        selected={shownRun?.key}
        onSelect={inspect}
      />
    </div>
  );
}
