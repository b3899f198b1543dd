import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AppMode } from "@/api/types";
import { StatusMark } from "@/features/app/run/StatusMark";
import { DataTable } from "@/ui/DataTable";
import { RelativeTime } from "@/ui/RelativeTime";
import { amount, duration } from "@/ui/units";
import { conversationsQuery, draftRunsQuery, logsQuery } from "./queries";

interface Shared {
  appId: string;
  selected: string | undefined;
  onOpen: (id: string) => void;
}

/** Runs of the published workflow. */
export function LogTable({
  appId,
  status,
  keyword,
  selected,
  onOpen,
}: Shared & { status: string | undefined; keyword: string | undefined }) {
  const { t } = useTranslation("runs");
  const logs = useInfiniteQuery(logsQuery(appId, { status, keyword }));
  return (
    <DataTable
      label={t("title")}
      result={logs}
      rows={logs.data?.pages.flatMap((page) => page.data) ?? []}
      keyOf={(row) => row.workflow_run.id}
      selected={selected}
      onOpen={onOpen}
      empty={t("noRuns")}
      emptyText={t("noRunsText")}
      columns={[
        {
          key: "status",
          title: t("status"),
          cell: (row) => <StatusMark status={row.workflow_run.status} words />,
        },
        {
          key: "time",
          title: t("started"),
          cell: (row) => <RelativeTime seconds={row.created_at} />,
        },
        {
          key: "took",
          title: t("took"),
          numeric: true,
          cell: (row) => duration(row.workflow_run.elapsed_time),
        },
        {
          key: "tokens",
          title: t("tokens"),
          numeric: true,
          cell: (row) => amount(row.workflow_run.total_tokens),
        },
        {
          key: "who",
          title: t("who"),
          wide: true,
          cell: (row) => row.created_by_account?.name ?? row.created_by_end_user?.session_id ?? "",
        },
      ]}
    />
  );
}

/** Runs of the draft, from building and testing. */
export function DraftRunTable({
  appId,
  mode,
  status,
  selected,
  onOpen,
}: Shared & { mode: AppMode; status: string | undefined }) {
  const { t } = useTranslation("runs");
  const runs = useInfiniteQuery(draftRunsQuery(appId, mode, status));
  return (
    <DataTable
      label={t("debugging")}
      result={runs}
      rows={runs.data?.pages.flatMap((page) => page.data) ?? []}
      keyOf={(row) => row.id}
      selected={selected}
      onOpen={onOpen}
      empty={t("noDraftRuns")}
      emptyText={t("noDraftRunsText")}
      columns={[
        {
          key: "status",
          title: t("status"),
          cell: (row) => <StatusMark status={row.status} words />,
        },
        {
          key: "time",
          title: t("started"),
          cell: (row) => <RelativeTime seconds={row.created_at} />,
        },
        { key: "took", title: t("took"), numeric: true, cell: (row) => duration(row.elapsed_time) },
        {
          key: "tokens",
          title: t("tokens"),
          numeric: true,
          cell: (row) => amount(row.total_tokens),
        },
        {
          key: "who",
          title: t("who"),
          wide: true,
          cell: (row) => row.created_by_account?.name ?? "",
        },
      ]}
    />
  );
}

export function ConversationTable({
  appId,
  mode,
  keyword,
  selected,
  onOpen,
}: Shared & { mode: AppMode; keyword: string | undefined }) {
  const { t } = useTranslation("runs");
  const conversations = useInfiniteQuery(conversationsQuery(appId, mode, keyword));
  return (
    <DataTable
      label={t("title")}
      result={conversations}
      rows={conversations.data?.pages.flatMap((page) => page.data) ?? []}
      keyOf={(row) => row.id}
      selected={selected}
      onOpen={onOpen}
      empty={t("noConversations")}
      emptyText={t("noConversationsText")}
      columns={[
        {
          key: "name",
          title: t("conversation"),
          grow: true,
          cell: (row) => (
            <span className={`block truncate ${row.read_at ? "" : "font-semibold"}`}>
              {row.summary || row.name || row.message?.query || row.id}
            </span>
          ),
        },
        {
          key: "who",
          title: t("who"),
          wide: true,
          cell: (row) => row.from_end_user_session_id ?? row.from_account_name ?? "",
        },
        { key: "count", title: t("messages"), numeric: true, cell: (row) => row.message_count },
        {
          key: "likes",
          title: t("rated"),
          numeric: true,
          wide: true,
          cell: (row) => rating(row.user_feedback_stats),
        },
        {
          key: "time",
          title: t("started"),
          cell: (row) => <RelativeTime seconds={row.created_at} />,
        },
      ]}
    />
  );
}

function rating(stats: { like: number; dislike: number } | undefined): string {
  if (!stats || stats.like + stats.dislike === 0) return "";
  return `+${stats.like} −${stats.dislike}`;
}
