/** The import conversation: send, perhaps confirm, and what to tell about the answer. */
import { api } from "@/api/console";
import { ApiError } from "@/api/error";
import type { AppImport } from "@/api/types";

export type ImportSource = { text: string } | { url: string };

/** Sends an app file; with `appId` it replaces that app's draft. Refusals come back as status `failed`. */
export function importApp(source: ImportSource, appId?: string): Promise<AppImport> {
  const body =
    "text" in source
      ? { mode: "yaml-content", yaml_content: source.text, app_id: appId }
      : { mode: "yaml-url", yaml_url: source.url, app_id: appId };
  return asImport(api.post<AppImport>("/apps/imports", body));
}

/** Goes on with an import whose file is from another version. */
export function confirmImport(id: string): Promise<AppImport> {
  return asImport(api.post<AppImport>(`/apps/imports/${id}/confirm`, {}));
}

/** A failed import is answered with 400 and the import object instead of the usual error shape. */
async function asImport(call: Promise<AppImport>): Promise<AppImport> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error;
    return { id: "", status: "failed", error: error.message };
  }
}
