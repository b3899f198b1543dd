import i18next from "i18next";
import { ApiError } from "@/api/error";
import { StreamFormatError } from "@/api/sse";

/** The sentence a person reads for an error: ours for the codes we know a mend for, else the server's. */
export function errorText(error: unknown): string {
  if (error instanceof StreamFormatError) return i18next.t("errors:damagedStream");
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  // A proxy answers for a server that does not.
  if (error.code === "unknown" && error.status >= 502 && error.status <= 504)
    return i18next.t("errors:unreachable");
  const key = `errors:${error.code}`;
  if (error.code !== "unknown" && i18next.exists(key)) return i18next.t(key);
  // The server's own words are the most exact we have for the rest.
  if (error.message && error.code !== "unknown") return error.message;
  return i18next.t("errors:unknown", { status: error.status, message: error.message });
}
