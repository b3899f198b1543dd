import type { TFunction } from "i18next";
import i18next from "i18next";
import type { Failure } from "../model/message";

/** The sentence shown for a failure: ours where we know the mend, else the server's own. */
export function failureText(t: TFunction<"chat">, failure: Failure): string {
  const { code, message } = failure;
  const known = i18next.exists(`errors.${code}`, { ns: "chat" });
  // "Run failed: ..." names the node at fault, which no sentence of ours can.
  const serverSays =
    message &&
    (!known || code === "run_failed" || code === "stored" || code === "internal_server_error");
  if (known && !serverSays) return t(`errors.${code}`, { message });
  if (code === "internal_server_error") return t("errors.internal_server_error");
  return message || t("errors.unknown", { message: code });
}
