/** What each role may do in the console. The server decides; this only hides what it would refuse. */
import { useQuery } from "@tanstack/react-query";
import type { Role } from "@/api/types";
import { currentWorkspaceQuery } from "./queries";

export interface Abilities {
  role: Role | undefined;
  edit: boolean;
  manage: boolean;
  own: boolean;
}

export function abilitiesOf(role: Role | undefined): Abilities {
  const own = role === "owner";
  const manage = own || role === "admin";
  return { role, own, manage, edit: manage || role === "editor" };
}

export function useAbilities(): Abilities {
  return abilitiesOf(useQuery(currentWorkspaceQuery).data?.role);
}

/** Roles that can be given away; there is one owner. */
export const givenRoles: readonly Role[] = ["admin", "editor", "normal", "dataset_operator"];
