import { Link } from "@tanstack/react-router";
import { BookOpen, Boxes, LayoutGrid, Settings } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";

const item =
  "flex flex-1 flex-col items-center justify-center gap-0.5 rounded-control px-1 py-1.5 text-[11px] text-muted transition-colors duration-150 hover:text-text data-[status=active]:bg-brass-soft data-[status=active]:text-brass sm:w-full sm:flex-none";

export function Rail() {
  const { t } = useTranslation("shell");
  const { teach } = useAbilities();
  return (
    <nav
      aria-label={t("mainNavigation")}
      className="row-start-3 flex gap-1 border-t border-line bg-surface p-1 sm:col-start-1 sm:row-start-2 sm:flex-col sm:border-r sm:border-t-0"
    >
      <Link to="/studio" activeOptions={{ includeSearch: false }} className={item}>
        <LayoutGrid size={18} aria-hidden="true" />
        {t("studio")}
      </Link>
      {teach && (
        <Link to="/knowledge" activeOptions={{ includeSearch: false }} className={item}>
          <BookOpen size={18} aria-hidden="true" />
          {t("knowledge")}
        </Link>
      )}
      <Link to="/settings/models" activeOptions={{ includeSearch: false }} className={item}>
        <Boxes size={18} aria-hidden="true" />
        {t("models")}
      </Link>
      <Link to="/settings/account" className={`${item} sm:mt-auto`}>
        <Settings size={18} aria-hidden="true" />
        {t("settings")}
      </Link>
    </nav>
  );
}
