import { ChevronDown, ChevronUp, Play, Square } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AppMode, FormField } from "@/api/types";
import { useShortcut } from "@/frame/useShortcut";
import { isLive, type NodeRun, type RunState } from "@/graph/run";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { JsonTree } from "@/ui/JsonTree";
import { Notice } from "@/ui/Notice";
import { amount, duration } from "@/ui/units";
import { formProblems, inputsOf } from "../run/formValues";
import { InputForm } from "../run/InputForm";
import { useInputs } from "../run/inputs";
import { StatusMark } from "../run/StatusMark";
import { Timeline } from "../run/Timeline";
import { useAppRun } from "../run/useAppRun";

interface RunBarProps {
  appId: string;
  mode: AppMode;
  fields: readonly FormField[];
  state: RunState;
  selected: string | undefined;
  onSelect: (run: NodeRun) => void;
}

/** Inputs, Run, and the timeline of what ran. */
export function RunBar({ appId, mode, fields, state, selected, onSelect }: RunBarProps) {
  const { t } = useTranslation("run");
  const [values, setValues] = useInputs(appId, fields);
  const [query, setQuery] = useState("");
  const [tried, setTried] = useState(false);
  const [folded, setFolded] = useState(false);
  const { start, stop } = useAppRun(appId, mode);
  const live = isLive(state);
  const chat = mode === "advanced-chat";
  const problems = tried ? formProblems(fields, values) : {};

  const run = () => {
    setTried(true);
    setFolded(false);
    const ready = Object.keys(formProblems(fields, values)).length === 0 && (!chat || query.trim());
    if (ready && !live)
      void start({ inputs: inputsOf(fields, values), ...(chat ? { query: query.trim() } : {}) });
  };
  useShortcut("Enter", run);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };

  return (
    <section
      aria-label={t("title")}
      className="flex max-h-[45%] shrink-0 flex-col border-t border-line bg-surface"
    >
      <div className="flex items-center gap-2 px-3 py-1.5">
        {live ? (
          <Button look="outline" icon={<Square size={12} />} onClick={() => void stop()}>
            {t("stop")}
          </Button>
        ) : (
          <Button look="brass" icon={<Play size={12} />} onClick={run} title={t("runHint")}>
            {t("run")}
            <kbd className="ml-1 text-xs max-sm:hidden">
              {navigator.platform.startsWith("Mac") ? "⌘⏎" : "Ctrl ⏎"}
            </kbd>
          </Button>
        )}
        {state.status !== "idle" && (
          <div
            aria-live="polite"
            className="flex min-w-0 items-center gap-3 whitespace-nowrap text-muted tabular-nums"
          >
            <StatusMark status={state.status} words />
            {state.elapsed !== null && <span>{duration(state.elapsed / 1000)}</span>}
            {state.tokens > 0 && (
              <span>{t("tokens", { count: state.tokens, shown: amount(state.tokens) })}</span>
            )}
          </div>
        )}
        <IconButton
          className="ml-auto"
          label={folded ? t("unfold") : t("fold")}
          aria-expanded={!folded}
          icon={folded ? <ChevronUp size={16} /> : <ChevronDown size={16} />}
          onClick={() => setFolded(!folded)}
        />
      </div>
      {!folded && (
        <div className="min-h-0 overflow-y-auto border-t border-line">
          {(fields.length > 0 || chat) && (
            <form onSubmit={submit} className="flex flex-col gap-3 p-3">
              {chat && (
                <TextField
                  label={t("query")}
                  required
                  value={query}
                  error={tried && !query.trim() ? t("problems.required") : undefined}
                  onChange={(event) => setQuery(event.target.value)}
                />
              )}
              <InputForm
                inline
                fields={fields}
                values={values}
                onChange={setValues}
                problems={problems}
              />
              <button type="submit" className="sr-only" tabIndex={-1}>
                {t("run")}
              </button>
            </form>
          )}
          {state.error && (
            <div className="px-3 pb-3">
              <Notice tone="bad">{state.error}</Notice>
            </div>
          )}
          {state.order.length > 0 && (
            <div className="grid border-t border-line lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
              <Timeline state={state} selected={selected} onSelect={onSelect} />
              {state.outputs !== undefined && state.outputs !== null && (
                <div className="border-t border-line p-3 lg:border-l lg:border-t-0">
                  <h3 className="mb-1 text-xs text-muted">{t("result")}</h3>
                  <JsonTree value={state.outputs} open={2} />
                </div>
              )}
            </div>
          )}
        </div>
      )}
    </section>
  );
}
