import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppImport } from "@/api/types";
import { defaultModelQuery } from "@/features/models/queries";
import { errorText } from "@/ui/errorText";
import { Notice } from "@/ui/Notice";
import { Spinner } from "@/ui/Spinner";

/** App files that ship with the console, each loaded only when chosen. */
const files = import.meta.glob<string>("../../../../examples/*.yml", {
  query: "?raw",
  import: "default",
});

/** The model that the example files name; the workspace's own takes its place. */
const NAMED = { provider: "langgenius/openai/openai", model: "gpt-4o-mini" };

const examples = [
  { id: "greeting", icon: "👋", model: false },
  { id: "conversation", icon: "🪐", model: true },
  { id: "triage", icon: "📮", model: true },
  { id: "rewrite", icon: "📝", model: true },
  { id: "statistics", icon: "🧮", model: false },
  { id: "web_page", icon: "🌐", model: false },
] as const;

type Example = (typeof examples)[number];

export function ExampleList({ onCreated }: { onCreated: (appId: string) => Promise<void> }) {
  const { t } = useTranslation("studio");
  const model = useQuery(defaultModelQuery("llm"));
  const create = useMutation({
    mutationFn: async ({ id }: Example) => {
      const source = (await files[`../../../../examples/${id}.yml`]?.()) ?? "";
      const yaml = source
        .replaceAll(NAMED.provider, model.data?.provider.provider ?? NAMED.provider)
        .replaceAll(NAMED.model, model.data?.model ?? NAMED.model);
      const body = {
        mode: "yaml-content",
        yaml_content: yaml,
        name: t(`examples.${id}.name`),
        description: t(`examples.${id}.text`),
      };
      return api.post<AppImport>("/apps/imports", body);
    },
    onSuccess: ({ app_id: appId }) => (appId ? onCreated(appId) : undefined),
  });
  return (
    <div className="flex flex-col gap-3">
      {create.error && <Notice tone="bad">{errorText(create.error)}</Notice>}
      {model.data === null && (
        <Notice tone="info">
          {t("examplesNeedModel")}{" "}
          <Link to="/settings/models" className="text-brass underline">
            {t("addModel")}
          </Link>
        </Notice>
      )}
      <ul className="grid gap-2 sm:grid-cols-2">
        {examples.map((example) => (
          <li key={example.id}>
            <button
              type="button"
              disabled={create.isPending}
              onClick={() => create.mutate(example)}
              className="flex size-full items-start gap-3 rounded-control border border-line p-3 text-left transition-colors duration-150 hover:border-line-strong disabled:opacity-60"
            >
              <span aria-hidden="true" className="text-xl leading-none">
                {create.isPending && create.variables.id === example.id ? (
                  <Spinner />
                ) : (
                  example.icon
                )}
              </span>
              <span>
                <span className="block font-medium">{t(`examples.${example.id}.name`)}</span>
                <span className="block text-xs text-muted">{t(`examples.${example.id}.text`)}</span>
                <span className="mt-1 block text-xs text-muted">
                  {example.model ? t("needsModel") : t("needsNothing")}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
