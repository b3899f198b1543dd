import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import { ApiError } from "@/api/error";
import type { AppDetail, Finding, Workflow } from "@/api/types";

export const appQuery = (appId: string) =>
  queryOptions({
    queryKey: ["app", appId],
    queryFn: ({ signal }) => api.get<AppDetail>(`/apps/${appId}`, { signal }),
  });

/** The editable workflow of a graph app; null where none was made yet. */
export const draftQuery = (appId: string) =>
  queryOptions({
    queryKey: ["app", appId, "draft"],
    queryFn: async ({ signal }) => {
      try {
        return await api.get<Workflow>(`/apps/${appId}/workflows/draft`, { signal });
      } catch (error) {
        if (error instanceof ApiError && error.code === "draft_workflow_not_exist") return null;
        throw error;
      }
    },
    staleTime: 5_000,
  });

export const publishedQuery = (appId: string) =>
  queryOptions({
    queryKey: ["app", appId, "published"],
    queryFn: ({ signal }) =>
      api.get<Workflow | null>(`/apps/${appId}/workflows/publish`, { signal }),
  });

/** What is wrong with the draft, found without running it. */
export const findingsQuery = (appId: string) =>
  queryOptions({
    queryKey: ["app", appId, "findings"],
    queryFn: async ({ signal }) =>
      (await api.get<{ data: Finding[] }>(`/apps/${appId}/findings`, { signal })).data,
    staleTime: 5_000,
  });
