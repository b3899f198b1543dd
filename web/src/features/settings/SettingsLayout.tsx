import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";

const item =
  "whitespace-nowrap rounded-control px-3 py-1.5 text-muted hover:text-text data-[status=active]:bg-brass-soft data-[status=active]:font-medium data-[status=active]:text-brass";

export function SettingsLayout() {
  const { t } = useTranslation("settings");
  const { manage } = useAbilities();
  return (
    <div className="flex min-h-0 flex-1 flex-col md:flex-row">
      <nav
        aria-label={t("title")}
        className="flex shrink-0 gap-1 overflow-x-auto border-b border-line p-2 md:w-44 md:flex-col md:border-b-0 md:border-r md:p-3"
      >
        <span className="hidden px-3 pb-1 text-xs text-muted md:block">{t("groupWorkspace")}</span>
        <Link to="/settings/models" activeOptions={{ includeSearch: false }} className={item}>
          {t("models")}
        </Link>
        <Link to="/settings/members" className={item}>
          {t("members")}
        </Link>
        <Link to="/settings/workspace" className={item}>
          {t("workspace")}
        </Link>
        {manage && (
          <Link to="/settings/system" className={item}>
            {t("system")}
          </Link>
        )}
        <span className="hidden px-3 pb-1 pt-3 text-xs text-muted md:block">{t("groupYou")}</span>
        <Link to="/settings/account" className={item}>
          {t("account")}
        </Link>
        <Link to="/settings/language" className={item}>
          {t("language")}
        </Link>
      </nav>
      <div className="relative flex min-h-0 min-w-0 flex-1">
        <Outlet />
      </div>
    </div>
  );
}
