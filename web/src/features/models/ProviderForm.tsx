import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { ApiError } from "@/api/error";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { Notice } from "@/ui/Notice";
import { words } from "@/ui/words";
import {
  CredentialFields,
  type CredentialValues,
  defaultValues,
  fieldAtFault,
  filledValues,
} from "./CredentialFields";
import { providerPath } from "./queries";
import type { Provider } from "./types";

/** The key of a vendor; the server tries it before it keeps it. */
export function ProviderForm({ provider, onSaved }: { provider: Provider; onSaved: () => void }) {
  const { t, i18n } = useTranslation("models");
  const schemas = provider.provider_credential_schema?.credential_form_schemas ?? [];
  const current = provider.custom_configuration?.current_credential_id;
  const [values, setValues] = useState<CredentialValues>(() => defaultValues(schemas));
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const path = `${providerPath(provider.provider)}/credentials`;
      const credentials = filledValues(schemas, values);
      if (current) await api.put(path, { credential_id: current, credentials });
      else await api.post(path, { credentials });
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ["models"] });
      onSaved();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const named = save.error instanceof ApiError ? save.error.params : undefined;
  const fault = save.error
    ? { variable: fieldAtFault(schemas, named, errorText(save.error)), text: errorText(save.error) }
    : undefined;
  const help = provider.help;
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {current && <Notice tone="ok">{t("hasKey")}</Notice>}
      <CredentialFields schemas={schemas} values={values} onChange={setValues} fault={fault} />
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" busy={save.isPending}>
          {current ? t("replaceKey") : t("saveKey")}
        </Button>
        {help && words(help.url, i18n.language) && (
          <a
            href={words(help.url, i18n.language)}
            target="_blank"
            rel="noreferrer"
            className="text-brass hover:underline"
          >
            {words(help.title, i18n.language)}
          </a>
        )}
      </div>
    </form>
  );
}
