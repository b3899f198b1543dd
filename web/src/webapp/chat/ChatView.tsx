import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StreamEvent } from "@/api/events";
import { ChatPanel } from "@/chat/ChatPanel";
import type { OpenApp } from "../entry/app";
import { useForm } from "../form/useForm";
import { SiteIcon } from "../frame/SiteIcon";
import type { Conversation } from "../server/shapes";
import { sentAgain } from "./conversationInputs";
import { KnownInputs } from "./KnownInputs";

/** Most chats ask for nothing first. */
const FormFields = lazy(() => import("../form/FormFields"));

interface ChatViewProps {
  app: OpenApp;
  /** The open conversation, "" for a new one. */
  conversationId: string;
  /** What the list knows about it. */
  known: Conversation | undefined;
  onBegun: (id: string, inputs: Record<string, unknown>) => void;
  /** An answer is over. */
  onAnswered: (conversationId: string) => void;
}

/** One conversation: its form, then its messages. Drawn anew for each conversation that is opened. */
export function ChatView({ app, conversationId, known, onBegun, onAnswered }: ChatViewProps) {
  const { t } = useTranslation("webapp");
  const { site, parameters, client, fields, place } = app;
  const form = useForm(fields, place.inputs);
  const [sent, setSent] = useState(false);
  const visible = fields.some((field) => !field.hidden);
  const stored = known?.inputs ?? null;
  const inputs = useMemo(() => (stored ? sentAgain(stored) : form.inputs), [stored, form.inputs]);
  const mayAsk = useCallback((): boolean => {
    if (stored) return true;
    const fine = form.check();
    if (fine) setSent(true);
    else requestAnimationFrame(focusFirstError);
    return fine;
  }, [stored, form.check]);
  const onRunEvents = useCallback(
    (event: StreamEvent) => {
      if (event.event === "message_end" && event.conversation_id) onAnswered(event.conversation_id);
    },
    [onAnswered],
  );
  const avatar = useMemo(
    () => (site.use_icon_as_answer_icon ? <SiteIcon site={site} size={26} /> : null),
    [site],
  );
  return (
    <ChatPanel
      client={client}
      conversationId={conversationId}
      onConversation={(id) => onBegun(id, inputs)}
      onRunEvents={onRunEvents}
      opening={parameters.opening_statement ?? undefined}
      suggested={parameters.suggested_questions ?? undefined}
      inputs={inputs}
      mayAsk={mayAsk}
      fileUpload={app.fileUpload}
      placeholder={site.input_placeholder ?? undefined}
      formLinks
      showSteps={site.show_workflow_steps !== false}
      avatar={avatar}
      note={site.custom_disclaimer || undefined}
      intro={
        !visible ? null : sent || stored ? (
          <KnownInputs fields={fields} inputs={inputs} />
        ) : (
          <section
            aria-label={t("chat.inputs")}
            className="mb-7 rounded-card border border-line bg-surface p-4"
          >
            <p className="pb-3 text-muted">{t("chat.inputsHint")}</p>
            <div className="flex flex-col gap-4">
              <Suspense>
                <FormFields
                  form={form}
                  client={client}
                  limits={parameters.system_parameters ?? undefined}
                />
              </Suspense>
            </div>
          </section>
        )
      }
    />
  );
}

function focusFirstError(): void {
  document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
