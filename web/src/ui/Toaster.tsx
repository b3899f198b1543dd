import { CircleAlert, X } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { IconButton } from "./IconButton";
import { flushUndoable, type Toast, UNDO_TIME, useToasts } from "./toasts";

export function Toaster() {
  const toasts = useToasts((store) => store.toasts);
  useEffect(() => {
    addEventListener("pagehide", flushUndoable);
    return () => removeEventListener("pagehide", flushUndoable);
  }, []);
  return (
    <div
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex flex-col items-center gap-2 px-3 sm:bottom-6"
    >
      {toasts.map((toast) => (
        <ToastRow key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastRow({ toast }: { toast: Toast }) {
  const { t } = useTranslation("ui");
  const dismiss = useToasts((store) => store.dismiss);
  useEffect(() => {
    if (toast.undo) return;
    const timer = setTimeout(() => dismiss(toast.id), UNDO_TIME);
    return () => clearTimeout(timer);
  }, [toast, dismiss]);
  return (
    <div className="appear pointer-events-auto flex max-w-full items-center gap-3 rounded-control border border-line bg-raised py-1.5 pl-4 pr-1.5 shadow-popover">
      {toast.tone === "bad" && (
        <CircleAlert size={16} aria-hidden="true" className="shrink-0 text-bad" />
      )}
      <span className="min-w-0 break-words">{toast.text}</span>
      {toast.undo ? (
        <Button small onClick={toast.undo}>
          {t("undo")}
        </Button>
      ) : (
        <IconButton
          small
          label={t("close")}
          icon={<X size={14} />}
          onClick={() => dismiss(toast.id)}
        />
      )}
    </div>
  );
}
