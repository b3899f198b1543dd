import type { AppDetail } from "@/api/types";

/** Address of the app for its end users; undefined while it has no site. */
export function webAppUrl(app: AppDetail, origin: string): string | undefined {
  const code = app.site?.access_token ?? app.site?.code;
  if (!code) return undefined;
  const kind = app.mode === "workflow" || app.mode === "completion" ? app.mode : "chat";
  const base = (app.site?.app_base_url || origin).replace(/\/+$/, "");
  return `${base}/${kind}/${code}`;
}
