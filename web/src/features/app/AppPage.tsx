import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useTitle } from "@/ui/useTitle";
import { appQuery } from "./queries";

const tab =
  "-mb-px flex h-10 items-center border-b-2 border-transparent px-3 text-muted -outline-offset-2 hover:text-text data-[status=active]:border-brass data-[status=active]:font-medium data-[status=active]:text-text";

/** The five places of an app. */
export function AppPage() {
  const { t } = useTranslation("app");
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const { data: app } = useQuery(appQuery(appId));
  useTitle(app?.name);
  const link = {
    params: { appId },
    activeOptions: { includeSearch: false },
    className: tab,
  } as const;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {app && <h1 className="sr-only">{app.name}</h1>}
      <nav
        aria-label={t("places")}
        className="flex shrink-0 overflow-x-auto overflow-y-hidden border-b border-line bg-surface px-2"
      >
        <Link to="/app/$appId/build" {...link}>
          {t("build")}
        </Link>
        <Link to="/app/$appId/test" {...link}>
          {t("test")}
        </Link>
        <Link to="/app/$appId/publish" {...link}>
          {t("publish")}
        </Link>
        <Link to="/app/$appId/runs" {...link}>
          {t("runs")}
        </Link>
        <Link to="/app/$appId/monitor" {...link}>
          {t("monitor")}
        </Link>
      </nav>
      <div className="relative flex min-h-0 flex-1 flex-col">
        <Outlet />
      </div>
    </div>
  );
}
