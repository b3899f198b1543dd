import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { Json } from "@/api/json";
import type { AppModel } from "@/api/types";
import { choicesQuery, providerPath } from "@/features/models/queries";
import type { Words } from "@/features/models/types";
import { SelectField, TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Toggle } from "@/ui/Toggle";
import { words } from "@/ui/words";

interface ParameterRule {
  name: string;
  label: Words;
  type: string;
  help?: Words | null;
  min?: number | null;
  max?: number | null;
  default?: Json;
  options?: string[] | null;
}

interface ModelPickerProps {
  value: AppModel | null;
  onChange: (model: AppModel) => void;
}

/** The model of an app and its parameters; a parameter left empty is the model's own default. */
export function ModelPicker({ value, onChange }: ModelPickerProps) {
  const { t, i18n } = useTranslation("build");
  const choices = useQuery(choicesQuery("llm"));
  const rules = useQuery({
    queryKey: ["models", "rules", value?.provider, value?.name],
    queryFn: async ({ signal }) =>
      (
        await api.get<{ data: ParameterRule[] }>(
          `${providerPath(value?.provider ?? "")}/models/parameter-rules`,
          { query: { model: value?.name }, signal },
        )
      ).data,
    enabled: value !== null,
    retry: false,
  });
  const models = (choices.data ?? []).flatMap((choice) =>
    choice.models.map((model) => ({
      choice,
      model,
      key: JSON.stringify([choice.provider, model.model]),
    })),
  );
  const options = models.map(({ choice, model, key }) => ({
    value: key,
    label: `${words(model.label, i18n.language) || model.model} · ${words(choice.label, i18n.language) || choice.provider}`,
  }));
  // Stored short names of a provider are the last part of the full id.
  const current = models.find(
    ({ choice, model }) =>
      model.model === value?.name &&
      (choice.provider === value.provider ||
        choice.provider.split("/").at(-1) === value.provider.split("/").at(-1)),
  );
  const pick = (key: string) => {
    const picked = models.find((one) => one.key === key);
    if (!picked) return;
    onChange({
      provider: picked.choice.provider,
      name: picked.model.model,
      mode: picked.model.model_properties?.mode ?? "chat",
      completion_params: value?.completion_params ?? {},
    });
  };
  if (choices.data && models.length === 0)
    return (
      <Notice tone="warn">
        {t("noModels")}{" "}
        <Link to="/settings/models" className="text-brass underline">
          {t("toModels")}
        </Link>
      </Notice>
    );
  const parameters = value?.completion_params ?? {};
  const setParameter = (name: string, next: Json | undefined) => {
    if (!value) return;
    const { [name]: _, ...others } = parameters;
    onChange({
      ...value,
      completion_params: next === undefined ? others : { ...others, [name]: next },
    });
  };
  return (
    <div className="flex flex-col gap-3">
      <SelectField
        bare
        label={t("model")}
        value={current?.key ?? ""}
        options={[
          ...(current
            ? []
            : [{ value: "", label: value?.name ?? t("chooseModel"), disabled: true }]),
          ...options,
        ]}
        onChange={(event) => pick(event.target.value)}
      />
      {rules.data && rules.data.length > 0 && (
        <details>
          <summary className="text-muted">
            {t("parameters", { count: Object.keys(parameters).length })}
          </summary>
          <div className="mt-3 grid gap-3 sm:grid-cols-2">
            {rules.data.map((rule) => (
              <Parameter
                key={rule.name}
                rule={rule}
                value={parameters[rule.name]}
                onChange={(next) => setParameter(rule.name, next)}
              />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

interface ParameterProps {
  rule: ParameterRule;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

function Parameter({ rule, value, onChange }: ParameterProps) {
  const { i18n } = useTranslation();
  const label = words(rule.label, i18n.language) || rule.name;
  const help = words(rule.help, i18n.language) || undefined;
  if (rule.type === "boolean")
    return (
      <Toggle
        label={label}
        checked={value === true}
        onChange={(checked) => onChange(checked || undefined)}
      />
    );
  if (rule.options?.length)
    return (
      <SelectField
        label={label}
        help={help}
        value={String(value ?? "")}
        options={["", ...rule.options].map((one) => ({ value: one, label: one }))}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    );
  const numeric = rule.type === "float" || rule.type === "int";
  return (
    <TextField
      label={label}
      help={help}
      type={numeric ? "number" : "text"}
      step={rule.type === "float" ? "any" : undefined}
      min={rule.min ?? undefined}
      max={rule.max ?? undefined}
      placeholder={
        rule.default === undefined || rule.default === null ? undefined : String(rule.default)
      }
      value={typeof value === "object" ? JSON.stringify(value) : String(value ?? "")}
      onChange={(event) => {
        const text = event.target.value;
        onChange(text === "" ? undefined : numeric ? Number(text) : text);
      }}
    />
  );
}
