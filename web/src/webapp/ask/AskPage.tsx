import { CircleCheck, Clock } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/error";
import { Markdown } from "@/chat/markdown/Markdown";
import { Button, type ButtonProps } from "@/ui/Button";
import { FormField } from "../form/FormFields";
import { useForm } from "../form/useForm";
import { SiteIcon } from "../frame/SiteIcon";
import { SmallPrint } from "../frame/SmallPrint";
import { ThemeMenu } from "../frame/ThemeMenu";
import { ClosedForm } from "./ClosedForm";
import { type AskedAction, type AskedForm, fieldsOf, partsOf } from "./form";
import { type Closed, closedBy, type FormServer } from "./server";

const looks: Record<string, ButtonProps["look"]> = {
  primary: "primary",
  accent: "brass",
  ghost: "quiet",
};
/** After these nothing can be sent any more. */
const final: readonly Closed[] = ["submitted", "expired", "gone"];

/** A form that a run waits for, filled in by whoever got its address. */
export default function AskPage({ form, server }: { form: AskedForm; server: FormServer }) {
  const { t } = useTranslation("ask");
  const { site } = form.site;
  const fields = useMemo(() => fieldsOf(form), [form]);
  const parts = useMemo(() => partsOf(form.form_content, fields), [form, fields]);
  const state = useForm(fields, {});
  const [sending, setSending] = useState<string | null>(null);
  const [outcome, setOutcome] = useState<"sent" | Closed | null>(null);
  const [problem, setProblem] = useState("");

  const send = async (action: string): Promise<void> => {
    if (sending !== null) return;
    if (!state.check()) {
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
      );
      return;
    }
    setSending(action);
    setProblem("");
    try {
      await server.answer(action, state.inputs);
      setOutcome("sent");
    } catch (error) {
      const closed = closedBy(error);
      if (final.includes(closed)) setOutcome(closed);
      else if (error instanceof ApiError && error.status === 400) setProblem(error.message);
      else setProblem(t(`closed.${closed}.text`));
    } finally {
      setSending(null);
    }
  };

  if (outcome === "sent") return <Thanks />;
  if (outcome) return <ClosedForm why={outcome} onRetry={null} />;
  const stay = (event: FormEvent): void => event.preventDefault();
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-[680px] flex-col">
      <header className="flex items-center gap-3 px-5 pb-3 pt-5">
        <SiteIcon site={site} size={32} />
        <h1 className="min-w-0 flex-1 break-words text-lg">{site.title}</h1>
        <ThemeMenu />
      </header>
      <form onSubmit={stay} noValidate className="flex flex-1 flex-col">
        <main className="flex flex-1 flex-col gap-4 px-5 py-3">
          {parts.map((part) =>
            "text" in part ? (
              <Markdown key={part.text} text={part.text} />
            ) : (
              <FormField
                key={part.field.name}
                field={part.field}
                form={state}
                client={server}
                disabled={sending !== null}
              />
            ),
          )}
          {form.expiration_time !== null && <Until seconds={form.expiration_time} />}
        </main>
        <div className="sticky bottom-0 border-t border-line bg-bg px-5 pb-[max(1rem,env(safe-area-inset-bottom))] pt-3">
          {problem && (
            <p role="alert" className="break-words pb-3 text-bad">
              {problem}
            </p>
          )}
          <div className="flex flex-wrap gap-2 max-sm:flex-col">
            {form.user_actions.map((action) => (
              <Button
                key={action.id}
                look={looks[action.button_style ?? ""] ?? "outline"}
                busy={sending === action.id}
                disabled={state.busy || sending !== null}
                onClick={() => void send(action.id)}
                className="max-sm:h-10 max-sm:w-full"
              >
                {titleOf(action)}
              </Button>
            ))}
          </div>
        </div>
      </form>
      <footer className="px-5 pb-4 pt-2">
        <SmallPrint site={site} />
      </footer>
    </div>
  );
}

function titleOf({ id, title }: AskedAction): string {
  return title || id;
}

/** When the form stops to wait, in the reader's own words for a date. */
function Until({ seconds }: { seconds: number }) {
  const { t, i18n } = useTranslation("ask");
  const when = new Date(seconds * 1000).toLocaleString(i18n.language, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  return (
    <p className="flex items-center gap-1.5 text-xs text-muted">
      <Clock size={14} aria-hidden="true" />
      {t("until", { when })}
    </p>
  );
}

function Thanks() {
  const { t } = useTranslation("ask");
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 px-6 text-center">
      <CircleCheck size={40} className="text-ok" aria-hidden="true" />
      <div role="status">
        <h1 className="text-lg">{t("sent.title")}</h1>
        <p className="max-w-96 pt-2 text-muted">{t("sent.text")}</p>
      </div>
    </main>
  );
}
