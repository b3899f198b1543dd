import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { Page } from "@/api/types";
import { loads } from "./reach";

/** One part of the installation; `problem` is null where it works. */
export interface Part {
  part: string;
  configured: string;
  problem: string | null;
  mend: string;
}

export interface AddressFinding {
  variable: string;
  value: string;
  effective: string;
  problem: string | null;
  mend: string;
}

export interface FailedJob {
  id: string;
  name: string;
  queue: string;
  attempts: number;
  error: string;
  created_at: number | null;
  finished_at: number | null;
}

export interface Egress {
  addresses: string[];
  domains: string[];
  proxy: string;
  refused: { host: string; port: number; times: number; last: number | null }[];
}

const PAGE = 20;

export const partsQuery = queryOptions({
  queryKey: ["system", "parts"],
  queryFn: ({ signal }) =>
    api.get<{ version: string; shape: string; data: Part[] }>("/system/parts", { signal }),
  // A look costs a snippet, a file and a mail server's greeting: not at every focus of the window.
  staleTime: 30_000,
  retry: false,
});

export const addressesQuery = queryOptions({
  queryKey: ["system", "addresses"],
  queryFn: ({ signal }) =>
    api.get<{ data: AddressFinding[]; probe: string }>("/system/addresses", {
      query: { origin: location.origin },
      signal,
    }),
  retry: false,
});

/** Whether this browser reaches the address of file links. */
export const reachQuery = (probe: string) =>
  queryOptions({ queryKey: ["system", "reach", probe], queryFn: () => loads(probe) });

export const failedJobsQuery = infiniteQueryOptions({
  queryKey: ["system", "jobs"],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<FailedJob>>("/system/jobs", { query: { page: pageParam, limit: PAGE }, signal }),
  initialPageParam: 1,
  getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
  retry: false,
});

export const egressQuery = queryOptions({
  queryKey: ["system", "egress"],
  queryFn: ({ signal }) => api.get<Egress>("/system/egress", { signal }),
  retry: false,
});
