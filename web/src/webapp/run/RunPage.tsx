import { Play, RotateCcw, Square } from "lucide-react";
import { type FormEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { isRunning } from "@/chat/model/message";
import { Button } from "@/ui/Button";
import type { OpenApp } from "../entry/app";
import FormFields from "../form/FormFields";
import { useForm } from "../form/useForm";
import { SiteIcon } from "../frame/SiteIcon";
import { SmallPrint } from "../frame/SmallPrint";
import { ThemeMenu } from "../frame/ThemeMenu";
import { ResultView } from "./ResultView";
import { useRun } from "./useRun";

/** An app that takes a form and gives a result: workflows and text generators. */
export default function RunPage({ app }: { app: OpenApp }) {
  const { t } = useTranslation("webapp");
  const { site, server, client, parameters, fields, place } = app;
  const form = useForm(fields, place.inputs);
  const run = useRun(server, place.kind === "completion" ? "completion" : "workflow");
  const running = run.answer !== null && isRunning(run.answer);
  const result = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the result stands below the form: a run leads there.
    if (running && matchMedia("(max-width: 1023px)").matches)
      result.current?.scrollIntoView({ behavior: "smooth" });
  }, [running]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (running) return;
    if (form.check()) void run.start(form.inputs);
    else
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
      );
  };
  const visible = fields.some((field) => !field.hidden);
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh lg:flex-row">
      <section
        aria-label={t("run.inputs")}
        className="flex flex-col border-line max-lg:border-b lg:w-[420px] lg:shrink-0 lg:border-r"
      >
        <header className="flex items-start gap-3 px-5 pb-2 pt-5">
          <SiteIcon site={site} size={36} />
          <div className="min-w-0 flex-1">
            <h1 className="break-words text-lg">{site.title}</h1>
            {site.description && <p className="break-words text-muted">{site.description}</p>}
          </div>
          <ThemeMenu />
        </header>
        <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
          <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 py-3">
            <FormFields
              form={form}
              client={client}
              limits={parameters.system_parameters ?? undefined}
              disabled={running}
            />
            {!visible && <p className="text-muted">{t("run.noFields")}</p>}
          </div>
          <div className="flex items-center gap-2 px-5 py-4">
            {running ? (
              <Button
                icon={<Square size={12} fill="currentColor" aria-hidden="true" />}
                onClick={() => void run.stop()}
              >
                {t("run.stop")}
              </Button>
            ) : (
              <Button
                type="submit"
                look="brass"
                disabled={form.busy}
                icon={<RunIcon again={run.answer !== null} />}
              >
                {t(form.busy ? "run.uploading" : run.answer ? "run.again" : "run.run")}
              </Button>
            )}
            {run.answer && !running && (
              <Button look="quiet" onClick={run.clear}>
                {t("run.clear")}
              </Button>
            )}
          </div>
        </form>
        <footer className="px-5 pb-4 max-lg:hidden">
          <SmallPrint site={site} />
          {site.custom_disclaimer && (
            <p className="pt-1 text-xs text-muted">{site.custom_disclaimer}</p>
          )}
        </footer>
      </section>
      <main
        ref={result} // On a phone a result is at least as high as the screen, so that a run can scroll to it.
        className={`@container min-w-0 flex-1 scroll-mt-2 p-5 lg:min-h-0 lg:overflow-y-auto lg:p-8 ${run.answer ? "max-lg:min-h-dvh" : ""}`}
      >
        <ResultView run={run} showSteps={site.show_workflow_steps !== false} />
      </main>
      <footer className="px-5 pb-4 lg:hidden">
        <SmallPrint site={site} />
        {site.custom_disclaimer && (
          <p className="pt-1 text-xs text-muted">{site.custom_disclaimer}</p>
        )}
      </footer>
    </div>
  );
}

function RunIcon({ again }: { again: boolean }) {
  const Icon = again ? RotateCcw : Play;
  return <Icon size={14} aria-hidden="true" />;
}
