import { Link } from "@tanstack/react-router";
import { Copy, Download, Ellipsis, KeyRound, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AppCard } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { isGraph } from "@/features/app/modes";
import { AppIcon } from "@/ui/AppIcon";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { RelativeTime } from "@/ui/RelativeTime";
import { EditDialog } from "./EditDialog";
import { useAppActions } from "./useAppActions";

/** One app, as a card or as a row of the list. */
export function AppTile({ app, view }: { app: AppCard; view: "cards" | "list" }) {
  const { t } = useTranslation(["studio", "ui"]);
  const { edit } = useAbilities();
  const [editing, setEditing] = useState(false);
  const actions = useAppActions(app);
  const row = view === "list";
  const menu = (
    <Menu
      trigger={<IconButton small label={t("ui:more")} icon={<Ellipsis size={16} />} />}
      items={[
        {
          key: "edit",
          label: t("studio:edit"),
          icon: <Pencil size={14} />,
          onSelect: () => setEditing(true),
        },
        {
          key: "copy",
          label: t("studio:duplicate"),
          icon: <Copy size={14} />,
          onSelect: actions.duplicate,
        },
        {
          key: "export",
          label: t("studio:export"),
          icon: <Download size={14} />,
          onSelect: () => actions.exportFile(false),
        },
        ...(isGraph(app.mode)
          ? [
              {
                key: "secrets",
                label: t("studio:exportSecrets"),
                icon: <KeyRound size={14} />,
                onSelect: () => actions.exportFile(true),
              },
            ]
          : []),
        null,
        {
          key: "delete",
          label: t("studio:delete"),
          icon: <Trash2 size={14} />,
          danger: true,
          onSelect: actions.remove,
        },
      ]}
    />
  );
  return (
    <li
      className={
        row
          ? "relative flex items-center gap-3 px-3 py-2"
          : "relative flex flex-col gap-2 rounded-card border border-line bg-surface p-4 transition-colors duration-150 focus-within:border-line-strong hover:border-line-strong"
      }
    >
      <div
        className={
          row ? "flex min-w-0 flex-1 items-center gap-3" : "flex min-w-0 items-start gap-3 pr-7"
        }
      >
        <AppIcon icon={app} size={row ? 28 : 36} />
        <div className="min-w-0 flex-1">
          <Link
            to="/app/$appId"
            params={{ appId: app.id }}
            className="block truncate font-semibold after:absolute after:inset-0"
          >
            {app.name}
          </Link>
          <div className="truncate text-xs text-muted">
            {t(`studio:modes.${app.mode}`)}
            {" · "}
            <RelativeTime seconds={app.updated_at} />
          </div>
        </div>
      </div>
      {row ? (
        <p className="hidden w-1/2 truncate text-muted md:block">{app.description}</p>
      ) : (
        <p className="line-clamp-2 min-h-[2.9em] text-muted">
          {app.description || t("studio:noDescription")}
        </p>
      )}
      {edit && <div className={row ? "relative" : "absolute right-2 top-3"}>{menu}</div>}
      {editing && <EditDialog app={app} onClose={() => setEditing(false)} />}
    </li>
  );
}
