import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { ApiError } from "@/api/error";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { SelectField, TextField } from "@/ui/Field";
import { words } from "@/ui/words";
import {
  CredentialFields,
  type CredentialValues,
  defaultValues,
  fieldAtFault,
  filledValues,
} from "./CredentialFields";
import { providerPath } from "./queries";
import type { FormSchema, Provider } from "./types";

/** What nearly every endpoint needs, in the order one thinks of it; the other fields unfold on demand. */
const ESSENTIAL = [
  "endpoint_url",
  "base_url",
  "openai_api_base",
  "server_url",
  "api_key",
  "openai_api_key",
];

/** Place of a field in the form: the address and the key first, then whatever must be filled in. */
function rank({ variable, required, default: given }: FormSchema): number {
  const place = ESSENTIAL.indexOf(variable);
  if (place >= 0) return place;
  return required && (given === null || given === undefined)
    ? ESSENTIAL.length
    : Number.POSITIVE_INFINITY;
}

export interface AddedModel {
  model: string;
  type: string;
}

interface CustomModelFormProps {
  provider: Provider;
  onSaved: (added: AddedModel) => void;
}

/** A model that the vendor does not list, or an endpoint of one's own: name, address, key. */
export function CustomModelForm({ provider, onSaved }: CustomModelFormProps) {
  const { t, i18n } = useTranslation("models");
  const schema = provider.model_credential_schema;
  const [model, setModel] = useState("");
  const [type, setType] = useState(provider.supported_model_types[0] ?? "llm");
  const [values, setValues] = useState<CredentialValues>(() =>
    defaultValues(schema?.credential_form_schemas ?? []),
  );
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const credentials = filledValues(fields, { ...values, __model_type: type });
      await api.post(`${providerPath(provider.provider)}/models/credentials`, {
        model: model.trim(),
        model_type: type,
        credentials,
      });
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ["models"] });
      onSaved({ model: model.trim(), type });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  // Fields may depend on the kind of model, which the wire calls `__model_type`.
  const fields = schema?.credential_form_schemas ?? [];
  const withType = { ...values, __model_type: type };
  const first = fields
    .filter((field) => rank(field) <= ESSENTIAL.length)
    .sort((a, b) => rank(a) - rank(b));
  const rest = fields.filter((field) => rank(field) > ESSENTIAL.length);
  const named = save.error instanceof ApiError ? save.error.params : undefined;
  const fault = save.error
    ? { variable: fieldAtFault(fields, named, errorText(save.error)), text: errorText(save.error) }
    : undefined;
  const shared = { values: withType, onChange: setValues, fault };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <CredentialFields schemas={first} {...shared} />
      <div className="flex gap-3">
        <TextField
          label={words(schema?.model.label, i18n.language) || t("modelName")}
          placeholder={words(schema?.model.placeholder, i18n.language) || undefined}
          required
          value={model}
          onChange={(event) => setModel(event.target.value)}
          className="min-w-0 flex-1"
        />
        {provider.supported_model_types.length > 1 && (
          <SelectField
            label={t("modelType")}
            value={type}
            options={provider.supported_model_types.map((value) => ({
              value,
              label: t(`types.${value}`, value),
            }))}
            onChange={(event) => setType(event.target.value)}
            className="w-32"
          />
        )}
      </div>
      {rest.length > 0 && (
        <details>
          <summary className="text-muted">{t("moreSettings")}</summary>
          <div className="mt-3 flex flex-col gap-4">
            <CredentialFields schemas={rest} {...shared} />
          </div>
        </details>
      )}
      <Button type="submit" look="primary" busy={save.isPending} className="self-start">
        {t("addModel")}
      </Button>
    </form>
  );
}
