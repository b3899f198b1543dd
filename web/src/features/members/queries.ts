import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { Member } from "@/api/types";

export const membersQuery = queryOptions({
  queryKey: ["members"],
  queryFn: async ({ signal }) =>
    (await api.get<{ accounts: Member[] }>("/workspaces/current/members", { signal })).accounts,
});

export interface InvitationResult {
  status: "success" | "failed";
  email: string;
  url?: string;
  message?: string;
}
