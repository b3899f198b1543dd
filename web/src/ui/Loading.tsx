import { useTranslation } from "react-i18next";
import { Mark } from "./Mark";

/** Fills its place while a page loads. */
export function Loading() {
  const { t } = useTranslation("ui");
  return (
    <div role="status" className="flex min-h-48 flex-1 items-center justify-center text-brass">
      <Mark size={40} running />
      <span className="sr-only">{t("loading")}</span>
    </div>
  );
}
