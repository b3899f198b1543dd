import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { Account, CurrentWorkspace, SystemFeatures, Workspace } from "@/api/types";

export const profileQuery = queryOptions({
  queryKey: ["profile"],
  queryFn: ({ signal }) => api.get<Account>("/account/profile", { signal }),
  staleTime: 5 * 60_000,
});

/** A read, although the contract makes it a POST. */
export const currentWorkspaceQuery = queryOptions({
  queryKey: ["workspace", "current"],
  queryFn: ({ signal }) => api.post<CurrentWorkspace>("/workspaces/current", {}, { signal }),
  staleTime: 5 * 60_000,
});

export const workspacesQuery = queryOptions({
  queryKey: ["workspaces"],
  queryFn: async ({ signal }) =>
    (await api.get<{ workspaces: Workspace[] }>("/workspaces", { signal })).workspaces,
});

export const systemFeaturesQuery = queryOptions({
  queryKey: ["system-features"],
  queryFn: ({ signal }) => api.get<SystemFeatures>("/system-features", { signal, session: false }),
  staleTime: 5 * 60_000,
});
