import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Mark } from "@/ui/Mark";
import type { Closed } from "./server";

/** Instead of a form: why there is none to fill in. */
export function ClosedForm({ why, onRetry }: { why: Closed; onRetry: (() => void) | null }) {
  const { t } = useTranslation("ask");
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 px-6 text-center">
      <Mark size={40} className="text-muted" />
      <h1 className="text-lg">{t(`closed.${why}.title`)}</h1>
      <p role="alert" className="max-w-96 text-muted">
        {t(`closed.${why}.text`)}
      </p>
      {onRetry && <Button onClick={onRetry}>{t("closed.retry")}</Button>}
    </main>
  );
}
