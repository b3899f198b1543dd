import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";

type Step = "not_started" | "finished";

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: async () => (await api.get<{ step: Step }>("/setup", { session: false })).step,
});

export const initQuery = queryOptions({
  queryKey: ["init"],
  queryFn: async () => (await api.get<{ status: Step }>("/init", { session: false })).status,
});
