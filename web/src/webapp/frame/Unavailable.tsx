import { useTranslation } from "react-i18next";
import type { Failure } from "@/chat/model/message";
import { failureText } from "@/chat/parts/failureText";
import { Button } from "@/ui/Button";
import { Mark } from "@/ui/Mark";

interface UnavailableProps {
  failure: Failure | null;
  onRetry: (() => void) | null;
}

/** Instead of the app, when it can't be shown: why, and what to do. */
export function Unavailable({ failure, onRetry }: UnavailableProps) {
  const { t } = useTranslation("webapp");
  const { t: chat } = useTranslation("chat");
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 px-6 text-center">
      <Mark size={40} className="text-muted" />
      <h1 className="text-lg">{t("unavailable.title")}</h1>
      <p role="alert" className="max-w-96 text-muted">
        {failure ? failureText(chat, failure) : t("unavailable.address")}
      </p>
      {onRetry && <Button onClick={onRetry}>{t("unavailable.retry")}</Button>}
    </main>
  );
}
