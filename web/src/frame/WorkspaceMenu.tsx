import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import { currentWorkspaceQuery, workspacesQuery } from "@/features/account/queries";
import { useSwitchWorkspace } from "@/features/workspaces/useSwitchWorkspace";
import { buttonClass } from "@/ui/Button";
import { Menu, type MenuItems } from "@/ui/Menu";

export function WorkspaceMenu() {
  const { t } = useTranslation("shell");
  const current = useQuery(currentWorkspaceQuery).data;
  const { data: workspaces = [] } = useQuery(workspacesQuery);
  const change = useSwitchWorkspace();
  const navigate = useNavigate();
  if (!current) return null;
  const items: MenuItems = [
    ...workspaces.map(({ id, name }) => ({
      key: id,
      label: name,
      checked: id === current.id,
      onSelect: () => id !== current.id && change.mutate(id),
    })),
    null,
    {
      key: "manage",
      label: t("manageWorkspaces"),
      onSelect: () => void navigate({ to: "/settings/workspace" }),
    },
  ];
  return (
    <Menu
      align="start"
      items={items}
      trigger={
        <button
          type="button"
          aria-label={t("workspaceNamed", { name: current.name })}
          className={`${buttonClass("quiet")} min-w-0 max-w-56`}
        >
          <span className="truncate">{current.name}</span>
          <ChevronsUpDown size={12} aria-hidden="true" className="shrink-0 text-muted" />
        </button>
      }
    />
  );
}
