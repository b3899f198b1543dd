import { Link } from "@tanstack/react-router";
import { Play, Square } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AppDetail } from "@/api/types";
import { Markdown } from "@/chat";
import { useShortcut } from "@/frame/useShortcut";
import { isLive } from "@/graph/run";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { JsonTree } from "@/ui/JsonTree";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { amount, duration } from "@/ui/units";
import { formProblems, inputsOf } from "../run/formValues";
import { InputForm } from "../run/InputForm";
import { useInputs } from "../run/inputs";
import { StatusMark } from "../run/StatusMark";
import { useRunState } from "../run/store";
import { Timeline } from "../run/Timeline";
import { useAppRun } from "../run/useAppRun";
import { useCompletion } from "../run/useCompletion";
import { useAppForm } from "./useAppForm";

/** Form at the left, result at the right: workflows and text generators. */
export function FormTest({ app }: { app: AppDetail }) {
  const { t } = useTranslation("run");
  const { pending, fields } = useAppForm(app);
  const [values, setValues] = useInputs(app.id, fields);
  const [tried, setTried] = useState(false);
  const state = useRunState(app.id);
  const graphRun = useAppRun(app.id, app.mode);
  const completion = useCompletion(app);
  const { start, stop } = app.mode === "completion" ? completion : graphRun;
  const live = isLive(state);
  const run = () => {
    setTried(true);
    if (Object.keys(formProblems(fields, values)).length === 0 && !live)
      void start({ inputs: inputsOf(fields, values) });
  };
  useShortcut("Enter", run);
  if (pending) return <Loading />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  const hasOutputs = state.outputs !== undefined && state.outputs !== null;
  return (
    <div className="grid min-h-0 flex-1 overflow-y-auto lg:grid-cols-[minmax(280px,2fr)_minmax(0,3fr)] lg:overflow-hidden">
      <form
        onSubmit={submit}
        className="flex flex-col gap-4 border-line p-4 lg:overflow-y-auto lg:border-r"
      >
        {fields.length === 0 && <p className="text-muted">{t("noInputs")}</p>}
        <InputForm
          fields={fields}
          values={values}
          onChange={setValues}
          problems={tried ? formProblems(fields, values) : {}}
        />
        {live ? (
          <Button icon={<Square size={12} />} onClick={() => void stop()} className="self-start">
            {t("stop")}
          </Button>
        ) : (
          <Button
            type="submit"
            look="brass"
            icon={<Play size={12} />}
            className="self-start"
            title={t("runHint")}
          >
            {t("run")}
          </Button>
        )}
      </form>
      <div className="min-w-0 lg:overflow-y-auto">
        {state.status === "idle" ? (
          <EmptyState title={t("noResult")} text={t("noResultText")} />
        ) : (
          <>
            <div
              aria-live="polite"
              className="flex items-center gap-3 border-b border-line px-4 py-2 text-muted tabular-nums"
            >
              <StatusMark status={state.status} words />
              {state.elapsed !== null && <span>{duration(state.elapsed / 1000)}</span>}
              {state.tokens > 0 && (
                <span>{t("tokens", { count: state.tokens, shown: amount(state.tokens) })}</span>
              )}
              {state.text && <span className="ml-auto" />}
              {state.text && <CopyButton text={state.text} />}
            </div>
            {state.error && (
              <div className="p-4 pb-0">
                <Notice tone="bad">{state.error}</Notice>
              </div>
            )}
            {state.text && (
              <div className="max-w-[72ch] p-4 text-md">
                <Markdown text={state.text} />
              </div>
            )}
            {hasOutputs && state.outputs !== undefined && (
              <section aria-label={t("result")} className="border-t border-line p-4">
                <h2 className="mb-2 text-xs text-muted">{t("result")}</h2>
                <JsonTree value={state.outputs} open={3} />
              </section>
            )}
            {state.order.length > 0 && (
              <section aria-label={t("steps")} className="border-t border-line">
                <h2 className="flex px-4 pt-3 text-xs text-muted">
                  <span className="flex-1">{t("steps")}</span>
                  <Link
                    to="/app/$appId/build"
                    params={{ appId: app.id }}
                    className="text-brass hover:underline"
                  >
                    {t("onGraph")}
                  </Link>
                </h2>
                <Timeline state={state} onSelect={() => undefined} />
              </section>
            )}
          </>
        )}
      </div>
    </div>
  );
}
