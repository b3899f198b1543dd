import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AppIcon } from "@/ui/AppIcon";
import { appQuery } from "./queries";

/** The app's name in the header. */
export function AppCrumb({ appId }: { appId: string }) {
  const { data: app } = useQuery(appQuery(appId));
  if (!app) return null;
  return (
    <>
      <span aria-hidden="true" className="text-line-strong">
        {"/"}
      </span>
      <Link
        to="/app/$appId"
        params={{ appId }}
        className="flex min-w-0 items-center gap-2 rounded-control px-1.5 py-1 font-medium hover:bg-line/50"
      >
        <AppIcon icon={app} size={20} />
        <span className="truncate">{app.name}</span>
      </Link>
    </>
  );
}
