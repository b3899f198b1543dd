import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppDetail } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { useShortcut } from "@/frame/useShortcut";
import { Button, buttonClass } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextArea } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import { Toggle } from "@/ui/Toggle";
import { appQuery } from "../queries";
import { ModelPicker } from "./ModelPicker";
import {
  configOf,
  draftOf,
  isVariableName,
  missingVariables,
  type PromptDraft,
} from "./promptConfig";
import { VariableEditor } from "./VariableEditor";

/** Build of chat, agent and completion apps: one form. Saving publishes, as the contract has it. */
export function PromptBuild({ app }: { app: AppDetail }) {
  const { t } = useTranslation(["build", "ui"]);
  const { edit } = useAbilities();
  const [draft, setDraft] = useState<PromptDraft>(() => draftOf(app.model_config));
  const [touched, setTouched] = useState(false);
  const cache = useQueryClient();
  const change = (part: Partial<PromptDraft>) => {
    setDraft((old) => ({ ...old, ...part }));
    setTouched(true);
  };
  const save = useMutation({
    mutationFn: () => api.post(`/apps/${app.id}/model-config`, configOf(app.model_config, draft)),
    onSuccess: async () => {
      setTouched(false);
      await cache.invalidateQueries({ queryKey: appQuery(app.id).queryKey, exact: true });
    },
  });
  const names = draft.fields.map(({ variable }) => variable);
  const badNames = names.some((name, at) => !isVariableName(name) || names.indexOf(name) !== at);
  const ready = edit && draft.model !== null && !badNames;
  useShortcut("s", () => ready && save.mutate());
  const missing = missingVariables(draft);
  const chat = app.mode !== "completion";

  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-3xl flex-col gap-4 p-4 sm:p-6">
        {save.error && <Notice tone="bad">{errorText(save.error)}</Notice>}
        <Section title={t("build:model")}>
          <ModelPicker value={draft.model} onChange={(model) => change({ model })} />
        </Section>
        <Section title={t("build:prompt")} text={t("build:promptText")}>
          <TextArea
            bare
            label={t("build:prompt")}
            rows={9}
            value={draft.prompt}
            onChange={(event) => change({ prompt: event.target.value })}
          />
          {missing.length > 0 && (
            <div className="mt-2 flex flex-wrap items-center gap-2 text-muted">
              {t("build:missing", { list: missing.join(", ") })}
              <Button
                small
                onClick={() =>
                  change({
                    fields: [
                      ...draft.fields,
                      ...missing.map((variable) => ({
                        variable,
                        label: variable,
                        type: "text-input",
                        required: true,
                        max_length: 256,
                      })),
                    ],
                  })
                }
              >
                {t("build:addMissing")}
              </Button>
            </div>
          )}
        </Section>
        <Section title={t("build:variables")} text={t("build:variablesText")}>
          <VariableEditor fields={draft.fields} onChange={(fields) => change({ fields })} />
        </Section>
        {chat && (
          <Section title={t("build:opening")}>
            <div className="flex flex-col gap-4">
              <TextArea
                label={t("build:openingField")}
                rows={2}
                value={draft.opening}
                onChange={(event) => change({ opening: event.target.value })}
              />
              <TextArea
                label={t("build:questions")}
                help={t("build:questionsHelp")}
                rows={3}
                value={draft.questions.join("\n")}
                onChange={(event) => change({ questions: event.target.value.split("\n") })}
              />
              <Toggle
                label={t("build:followUps")}
                checked={draft.followUps}
                onChange={(followUps) => change({ followUps })}
              />
            </div>
          </Section>
        )}
      </div>
      <div className="sticky bottom-0 flex items-center justify-end gap-3 border-t border-line bg-surface px-4 py-2">
        <span aria-live="polite" className="mr-auto text-muted">
          {touched ? t("build:unsaved") : save.isSuccess ? t("ui:saved") : ""}
        </span>
        <Link to="/app/$appId/test" params={{ appId: app.id }} className={buttonClass()}>
          {t("build:try")}
        </Link>
        <Button
          look="brass"
          busy={save.isPending}
          disabled={!ready || !touched}
          onClick={() => save.mutate()}
        >
          {t("build:save")}
        </Button>
      </div>
    </div>
  );
}
