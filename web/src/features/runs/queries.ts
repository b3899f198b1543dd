import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { Json, JsonObject } from "@/api/json";
import type { AppMode, NodeExecution, Page, Person, RunDetail, RunRow } from "@/api/types";

/** A run of a published workflow, as the log tells it. */
export interface LogRow {
  id: string;
  workflow_run: RunRow & { triggered_from?: string; error?: string | null };
  created_from?: string;
  created_by_role?: string;
  created_by_account?: Person | null;
  created_by_end_user?: { id: string; session_id?: string } | null;
  created_at: number;
}

export interface ConversationRow {
  id: string;
  name?: string;
  summary?: string;
  status: string;
  from_end_user_session_id?: string | null;
  from_account_name?: string | null;
  message_count: number;
  created_at: number;
  updated_at: number;
  read_at?: number | null;
  user_feedback_stats?: { like: number; dislike: number };
  status_count?: { success: number; failed: number; partial_success: number } | null;
  message?: LoggedMessage | null;
}

export interface LoggedMessage {
  id: string;
  query: string;
  answer: string;
  inputs?: JsonObject | null;
  message_tokens?: number;
  answer_tokens?: number;
  provider_response_latency?: number;
  workflow_run_id?: string | null;
  created_at: number;
  status?: string;
  error?: string | null;
  metadata?: Json;
}

interface LogFilter {
  status?: string | undefined;
  keyword?: string | undefined;
}

const LIMIT = 30;

export const logsQuery = (appId: string, { status, keyword }: LogFilter) =>
  infiniteQueryOptions({
    queryKey: ["app", appId, "runs", "log", status ?? "", keyword ?? ""],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<LogRow>>(`/apps/${appId}/workflow-app-logs`, {
        query: { status, keyword, page: pageParam, limit: LIMIT, detail: true },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
  });

/** Runs of the draft, newest first. */
export const draftRunsQuery = (appId: string, mode: AppMode, status: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["app", appId, "runs", "draft", status ?? ""],
    queryFn: ({ pageParam, signal }) =>
      api.get<{ data: RunRow[]; has_more: boolean }>(
        `/apps/${appId}/${mode === "advanced-chat" ? "advanced-chat/" : ""}workflow-runs`,
        {
          query: {
            last_id: pageParam || undefined,
            limit: LIMIT,
            status,
            triggered_from: "debugging",
          },
          signal,
        },
      ),
    initialPageParam: "",
    getNextPageParam: (last) => (last.has_more ? last.data.at(-1)?.id : undefined),
  });

export const conversationsQuery = (appId: string, mode: AppMode, keyword: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["app", appId, "runs", "conversations", keyword ?? ""],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<ConversationRow>>(`/apps/${appId}/${kind(mode)}-conversations`, {
        query: {
          keyword,
          page: pageParam,
          limit: LIMIT,
          sort_by: mode === "completion" ? undefined : "-created_at",
        },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
  });

/** Messages of one conversation, oldest first. A text generator's conversation is its one message. */
export const messagesQuery = (appId: string, mode: AppMode, conversationId: string) =>
  queryOptions({
    queryKey: ["app", appId, "runs", "conversation", conversationId],
    queryFn: async ({ signal }): Promise<LoggedMessage[]> => {
      if (mode === "completion") {
        const one = await api.get<ConversationRow>(
          `/apps/${appId}/completion-conversations/${conversationId}`,
          { signal },
        );
        return one.message ? [one.message] : [];
      }
      const query = { conversation_id: conversationId, limit: 100 };
      return (
        await api.get<{ data: LoggedMessage[] }>(`/apps/${appId}/chat-messages`, { query, signal })
      ).data;
    },
  });

export const runQuery = (appId: string, runId: string) =>
  queryOptions({
    queryKey: ["app", appId, "run", runId],
    queryFn: async ({ signal }) => {
      const [run, executions] = await Promise.all([
        api.get<RunDetail>(`/apps/${appId}/workflow-runs/${runId}`, { signal }),
        api.get<{ data: NodeExecution[] }>(
          `/apps/${appId}/workflow-runs/${runId}/node-executions`,
          { signal },
        ),
      ]);
      return { run, executions: executions.data };
    },
    // A run that goes on is looked at again.
    refetchInterval: ({ state }) => (state.data?.run.status === "running" ? 2_000 : false),
  });

function kind(mode: AppMode): "chat" | "completion" {
  return mode === "completion" ? "completion" : "chat";
}
