/** Addresses that documents, bookmarks and mails in the field use, and where they lead here. */

const exact: Record<string, string> = {
  "/apps": "/studio",
  "/explore": "/studio?create=example",
  "/explore/apps": "/studio?create=example",
  "/datasets": "/knowledge",
  "/datasets/create": "/knowledge?create=true",
  "/tools": "/settings/models",
  "/plugins": "/settings/models",
  "/account": "/settings/account",
  "/forgot-password": "/reset-password",
};

const tabs: Record<string, string> = {
  configuration: "build",
  workflow: "build",
  develop: "publish",
  logs: "runs",
  annotations: "runs",
  overview: "monitor",
};

const settings: Record<string, string> = {
  provider: "models",
  members: "members",
  language: "language",
  custom: "workspace",
};

/** The new address (path and query) for an old one, or undefined when it is not an old one. */
export function oldAddress(path: string, search: object): string | undefined {
  const query = search as Record<string, unknown>;
  if (query.action === "showSettings")
    return `/settings/${settings[String(query.tab)] ?? "models"}`;
  const clean = path.length > 1 ? path.replace(/\/+$/, "") : path;
  if (clean === "/signin/invite-settings")
    return `/activate?token=${encodeURIComponent(String(query.invite_token ?? ""))}`;
  const known = exact[clean];
  if (known) return known;
  const [, datasetId] = /^\/datasets\/([0-9a-f-]{36})(?:\/.*)?$/.exec(clean) ?? [];
  if (datasetId) return `/knowledge/${datasetId}`;
  const [, app, id, tab] = /^\/(app)\/([^/]+)\/([^/]+)$/.exec(clean) ?? [];
  const next = app && tab ? tabs[tab] : undefined;
  return next ? `/app/${id}/${next}` : undefined;
}
