import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { AppCard, AppMode, Page } from "@/api/types";

export interface AppFilter {
  mode?: AppMode | undefined;
  name?: string | undefined;
  mine?: boolean | undefined;
}

const LIMIT = 50;

export const appsQuery = ({ mode, name, mine }: AppFilter) =>
  infiniteQueryOptions({
    queryKey: ["apps", { mode: mode ?? "all", name: name ?? "", mine: mine ?? false }],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AppCard>>("/apps", {
        query: {
          page: pageParam,
          limit: LIMIT,
          mode: mode ?? "all",
          name,
          is_created_by_me: mine || undefined,
        },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
  });
