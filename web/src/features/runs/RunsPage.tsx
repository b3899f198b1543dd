import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { isChat, isGraph } from "@/features/app/modes";
import { appQuery } from "@/features/app/queries";
import { SelectField, TextField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { useDebounced } from "@/ui/useDebounced";
import { ConversationPanel } from "./ConversationPanel";
import { RunPanel } from "./RunPanel";
import { ConversationTable, DraftRunTable, LogTable } from "./RunTables";

const statuses = [
  "succeeded",
  "failed",
  "stopped",
  "running",
  "partial-succeeded",
  "paused",
] as const;

/** What happened: runs of a workflow, or conversations; one opens beside the list. */
export function RunsPage() {
  const { t } = useTranslation("runs");
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const search = useSearch({ from: "/framed/app/$appId/runs" });
  const navigate = useNavigate({ from: "/app/$appId/runs" });
  const { data: app } = useQuery(appQuery(appId));
  const [typed, setTyped] = useState(search.keyword ?? "");
  const keyword = useDebounced(typed.trim(), 300);
  useEffect(() => {
    void navigate({ search: (old) => ({ ...old, keyword: keyword || undefined }), replace: true });
  }, [keyword, navigate]);
  if (!app) return <Loading />;

  const graph = isGraph(app.mode);
  const draft = graph && search.source === "debugging";
  const talks = !draft && (isChat(app.mode) || app.mode === "completion");
  const openRun = (run: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, run, node: undefined }) });
  const openConversation = (conversation: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, conversation, run: undefined }) });

  return (
    <div className="relative flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
          {graph && (
            <SelectField
              bare
              label={t("source")}
              value={search.source ?? "published"}
              options={[
                { value: "published", label: t("published") },
                { value: "debugging", label: t("debugging") },
              ]}
              onChange={(event) =>
                void navigate({
                  search: (old) => ({
                    ...old,
                    source: event.target.value === "debugging" ? "debugging" : undefined,
                    run: undefined,
                    conversation: undefined,
                  }),
                })
              }
              className="w-44"
            />
          )}
          {!talks && (
            <SelectField
              bare
              label={t("status")}
              value={search.status ?? ""}
              options={[
                { value: "", label: t("anyStatus") },
                ...statuses.map((value) => ({ value, label: t(`run:status.${value}`) })),
              ]}
              onChange={(event) =>
                void navigate({
                  search: (old) => ({
                    ...old,
                    status: statuses.find((one) => one === event.target.value),
                  }),
                })
              }
              className="w-40"
            />
          )}
          {!draft && (
            <TextField
              bare
              type="search"
              label={t("keyword")}
              placeholder={t("keyword")}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              className="min-w-40 flex-1 sm:max-w-64"
            />
          )}
        </div>
        {draft ? (
          <DraftRunTable
            appId={appId}
            mode={app.mode}
            status={search.status}
            selected={search.run}
            onOpen={openRun}
          />
        ) : talks ? (
          <ConversationTable
            appId={appId}
            mode={app.mode}
            keyword={search.keyword}
            selected={search.conversation}
            onOpen={openConversation}
          />
        ) : (
          <LogTable
            appId={appId}
            status={search.status}
            keyword={search.keyword}
            selected={search.run}
            onOpen={openRun}
          />
        )}
      </div>
      {search.run ? (
        <RunPanel
          key={search.run}
          appId={appId}
          runId={search.run}
          onClose={() => openRun(undefined)}
        />
      ) : (
        search.conversation && (
          <ConversationPanel
            key={search.conversation}
            app={app}
            conversationId={search.conversation}
            onRun={openRun}
            onClose={() => openConversation(undefined)}
          />
        )
      )}
    </div>
  );
}
