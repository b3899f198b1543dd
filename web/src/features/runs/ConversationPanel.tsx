import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AppDetail } from "@/api/types";
import { Markdown } from "@/chat";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { JsonTree } from "@/ui/JsonTree";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Panel } from "@/ui/Panel";
import { RelativeTime } from "@/ui/RelativeTime";
import { amount, duration } from "@/ui/units";
import { type LoggedMessage, messagesQuery } from "./queries";

interface ConversationPanelProps {
  app: AppDetail;
  conversationId: string;
  /** Opens the run behind a message. */
  onRun: (runId: string) => void;
  onClose: () => void;
}

export function ConversationPanel({ app, conversationId, onRun, onClose }: ConversationPanelProps) {
  const { t } = useTranslation("runs");
  const messages = useQuery(messagesQuery(app.id, app.mode, conversationId));
  const inputs = messages.data?.[0]?.inputs;
  return (
    <Panel title={t("conversation")} onClose={onClose} width={560}>
      {messages.isPending && <Loading />}
      {messages.error && (
        <div className="p-4">
          <Notice tone="bad">{errorText(messages.error)}</Notice>
        </div>
      )}
      {inputs && Object.keys(inputs).length > 0 && (
        <details className="border-b border-line px-4 py-2">
          <summary className="text-muted">{t("inputs")}</summary>
          <JsonTree value={inputs} />
        </details>
      )}
      <ol className="flex flex-col gap-6 p-4">
        {messages.data?.map((message) => (
          <Message key={message.id} message={message} onRun={onRun} />
        ))}
      </ol>
    </Panel>
  );
}

function Message({ message, onRun }: { message: LoggedMessage; onRun: (runId: string) => void }) {
  const { t } = useTranslation("runs");
  const { query, answer, error, workflow_run_id: runId } = message;
  const tokens = (message.message_tokens ?? 0) + (message.answer_tokens ?? 0);
  return (
    <li className="flex flex-col gap-2 text-md">
      {query && (
        <div className="max-w-[85%] self-end whitespace-pre-wrap break-words rounded-card bg-brass-soft px-3 py-2">
          {query}
        </div>
      )}
      {answer && (
        <div className="min-w-0">
          <Markdown text={answer} />
        </div>
      )}
      {error && <Notice tone="bad">{error}</Notice>}
      <div className="flex flex-wrap items-center gap-3 text-xs text-muted">
        <RelativeTime seconds={message.created_at} />
        {message.provider_response_latency ? (
          <span>{duration(message.provider_response_latency)}</span>
        ) : null}
        {tokens > 0 && <span>{t("run:tokens", { count: tokens, shown: amount(tokens) })}</span>}
        {runId && (
          <Button small look="quiet" onClick={() => onRun(runId)}>
            {t("showRun")}
          </Button>
        )}
      </div>
    </li>
  );
}
