import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StreamEvent } from "@/api/events";
import { isObject } from "@/api/json";
import type { AppDetail } from "@/api/types";
import { ChatPanel, type FileUploadConfig } from "@/chat";
import { list } from "@/graph/model";
import { idleRun } from "@/graph/run";
import { Button } from "@/ui/Button";
import { Loading } from "@/ui/Loading";
import { formProblems, inputsOf } from "../run/formValues";
import { InputForm } from "../run/InputForm";
import { useInputs } from "../run/inputs";
import { useRunState, useRuns } from "../run/store";
import { Timeline } from "../run/Timeline";
import { consoleChat } from "./consoleChat";
import { useAppForm } from "./useAppForm";

/** Talk with the draft; the inputs and the steps of the newest answer stand beside it. */
export function ChatTest({ app }: { app: AppDetail }) {
  const { t } = useTranslation("run");
  const { pending, fields, features } = useAppForm(app);
  const [values, setValues] = useInputs(app.id, fields);
  const [tried, setTried] = useState(false);
  const [conversation, setConversation] = useState("");
  const [round, setRound] = useState(0);
  const state = useRunState(app.id);
  const followUps = features.suggested_questions_after_answer;
  const suggests = isObject(followUps) && followUps.enabled === true;
  const client = useMemo(() => consoleChat(app, suggests), [app, suggests]);
  const inputs = useMemo(() => inputsOf(fields, values), [fields, values]);
  if (pending) return <Loading />;

  const onRunEvents = (event: StreamEvent) => useRuns.getState().apply(app.id, event);
  const mayAsk = (): boolean => {
    setTried(true);
    return Object.keys(formProblems(fields, values)).length === 0;
  };
  const restart = () => {
    setConversation("");
    setRound(round + 1);
    useRuns.getState().set(app.id, idleRun);
  };
  const questions = list(features.suggested_questions).filter((one) => typeof one === "string");
  const steps = state.order.length > 0;
  const problems = tried ? formProblems(fields, values) : {};
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="flex items-center gap-2 border-b border-line px-4 py-1.5">
          <span className="flex-1 text-muted">{t("chatDraft")}</span>
          <Button small icon={<Plus size={13} />} onClick={restart}>
            {t("newConversation")}
          </Button>
        </div>
        <div className="min-h-0 flex-1">
          <ChatPanel
            key={round}
            client={client}
            inputs={inputs}
            opening={
              typeof features.opening_statement === "string"
                ? features.opening_statement
                : undefined
            }
            suggested={questions}
            fileUpload={features.file_upload as FileUploadConfig | undefined}
            conversationId={conversation}
            onConversation={setConversation}
            onRunEvents={onRunEvents}
            mayAsk={mayAsk}
          />
        </div>
      </div>
      {(fields.length > 0 || steps) && (
        <aside
          aria-label={t("beside")}
          className="max-h-[45%] shrink-0 overflow-y-auto border-t border-line bg-surface lg:max-h-none lg:w-[380px] lg:border-l lg:border-t-0"
        >
          {fields.length > 0 && (
            <div className="border-b border-line p-4">
              <h2 className="mb-3 text-md">{t("inputs")}</h2>
              <InputForm fields={fields} values={values} onChange={setValues} problems={problems} />
            </div>
          )}
          {steps && (
            <div>
              <h2 className="px-4 pt-3 text-md">{t("steps")}</h2>
              <Timeline state={state} onSelect={() => undefined} />
            </div>
          )}
        </aside>
      )}
    </div>
  );
}
