/** What each role may do in the console. The server decides; this only hides what it would refuse. */
import { useQuery } from "@tanstack/react-query";
import type { Role } from "@/api/types";
import { currentWorkspaceQuery } from "./queries";

export interface Abilities {
  role: Role | undefined;
  edit: boolean;
  manage: boolean;
  /** Makes and changes knowledge bases. */
  teach: boolean;
  own: boolean;
}

export function abilitiesOf(role: Role | undefined): Abilities {
  const own = role === "owner";
  const manage = own || role === "admin";
  const edit = manage || role === "editor";
  return { role, own, manage, edit, teach: edit || role === "dataset_operator" };
}

export function useAbilities(): Abilities {
  return abilitiesOf(useQuery(currentWorkspaceQuery).data?.role);
}

/** Roles that can be given away; there is one owner. */
export const givenRoles: readonly Role[] = ["admin", "editor", "normal", "dataset_operator"];
