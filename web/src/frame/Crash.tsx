import type { ErrorComponentProps } from "@tanstack/react-router";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/error";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { NotFound } from "./NotFound";

/** A lazily loaded part that is gone from the server: a new version was installed meanwhile. */
function isStale(error: unknown): boolean {
  return (
    error instanceof Error &&
    /dynamically imported module|module script failed|Unable to preload/i.test(error.message)
  );
}

export function Crash({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation(["shell", "ui"]);
  const router = useRouter();
  if (error instanceof ApiError && error.status === 404) return <NotFound />;
  const stale = isStale(error);
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div role="alert">
      <EmptyState
        title={stale ? t("shell:updated") : t("shell:crashTitle")}
        text={stale ? t("shell:updatedText") : t("shell:crashText")}
        action={
          <div className="flex flex-col items-center gap-4">
            {!stale && (
              <code className="max-w-prose break-words text-muted">{errorText(error)}</code>
            )}
            <div className="flex gap-2">
              {!stale && <Button onClick={again}>{t("ui:retry")}</Button>}
              <Button look="primary" onClick={() => location.reload()}>
                {t("shell:reload")}
              </Button>
            </div>
          </div>
        }
      />
    </div>
  );
}
