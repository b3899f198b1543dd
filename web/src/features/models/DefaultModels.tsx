import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { errorText } from "@/ui/errorText";
import { SelectField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { words } from "@/ui/words";
import { choicesQuery, defaultModelQuery } from "./queries";

const types = ["llm", "text-embedding", "rerank", "speech2text", "tts"] as const;

/** The model of each kind that is used where none is named. */
export function DefaultModels({ disabled }: { disabled: boolean }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {types.map((type) => (
        <DefaultModelField key={type} type={type} disabled={disabled} />
      ))}
    </div>
  );
}

/** One kind's choice, saved when changed. */
export function DefaultModelField({
  type,
  disabled = false,
}: {
  type: string;
  disabled?: boolean;
}) {
  const { t, i18n } = useTranslation("models");
  const cache = useQueryClient();
  const choices = useQuery(choicesQuery(type)).data ?? [];
  const current = useQuery(defaultModelQuery(type)).data;
  const save = useMutation({
    mutationFn: (value: string) => {
      const [provider, model] = JSON.parse(value) as [string, string];
      return api.post("/workspaces/current/default-model", {
        model_settings: [{ model_type: type, provider, model }],
      });
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: defaultModelQuery(type).queryKey }),
  });
  const options = choices.flatMap((choice) =>
    choice.models.map((model) => ({
      value: JSON.stringify([choice.provider, model.model]),
      label: `${words(model.label, i18n.language) || model.model} · ${words(choice.label, i18n.language) || choice.provider}`,
    })),
  );
  const value = current ? JSON.stringify([current.provider.provider, current.model]) : "";
  const listed = options.some((option) => option.value === value);
  const missing = options.length === 0 && !current;
  return (
    <div className="flex flex-col gap-2">
      <SelectField
        label={t(`types.${type}`, type)}
        value={value}
        disabled={disabled || missing || save.isPending}
        options={[
          ...(listed
            ? []
            : [
                {
                  value,
                  label: current?.model ?? (missing ? t("noModelOfType") : t("chooseModel")),
                  disabled: true,
                },
              ]),
          ...options,
        ]}
        onChange={(event) => save.mutate(event.target.value)}
      />
      {save.error && <Notice tone="bad">{errorText(save.error)}</Notice>}
    </div>
  );
}
