import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { IconButton } from "@/ui/IconButton";
import { Notice } from "@/ui/Notice";
import { Panel } from "@/ui/Panel";
import { words } from "@/ui/words";
import { type AddedModel, CustomModelForm } from "./CustomModelForm";
import { DefaultModelField } from "./DefaultModels";
import { ProviderForm } from "./ProviderForm";
import { providerModelsQuery, providerPath } from "./queries";
import type { CustomModel, Provider } from "./types";

interface ProviderPanelProps {
  provider: Provider;
  editable: boolean;
  onClose: () => void;
}

export function ProviderPanel({ provider, editable, onClose }: ProviderPanelProps) {
  const { t, i18n } = useTranslation("models");
  const [saved, setSaved] = useState<string>();
  const methods = provider.configurate_methods;
  const custom = provider.custom_configuration?.custom_models ?? [];
  const afterModel = ({ model, type }: AddedModel) => setSaved(type === "llm" ? model : undefined);
  return (
    <Panel title={words(provider.label, i18n.language) || provider.provider} onClose={onClose}>
      <div className="flex flex-col gap-6 p-4">
        <p className="text-muted empty:hidden">{words(provider.description, i18n.language)}</p>
        {saved !== undefined && (
          <div className="flex flex-col gap-3 rounded-control border border-line p-3">
            <Notice tone="ok">{t("works")}</Notice>
            <DefaultModelField type="llm" />
          </div>
        )}
        {editable && methods.includes("predefined-model") && (
          <ProviderForm provider={provider} onSaved={() => setSaved("")} />
        )}
        {editable && methods.includes("customizable-model") && (
          <section aria-label={t("addModel")}>
            <h3 className="mb-3 text-md">{t("addModel")}</h3>
            {/* A fresh form for the next model, once one is in the list. */}
            <CustomModelForm key={custom.length} provider={provider} onSaved={afterModel} />
          </section>
        )}
        {custom.length > 0 && (
          <section aria-label={t("ownModels")}>
            <h3 className="mb-2 text-md">{t("ownModels")}</h3>
            <ul className="divide-y divide-line rounded-control border border-line">
              {custom.map((model) => (
                <CustomModelRow
                  key={model.model_type + model.model}
                  provider={provider.provider}
                  model={model}
                  editable={editable}
                />
              ))}
            </ul>
          </section>
        )}
        <ListedModels provider={provider.provider} />
        {editable && provider.custom_configuration?.current_credential_id && (
          <RemoveKey
            provider={provider.provider}
            id={provider.custom_configuration.current_credential_id}
          />
        )}
      </div>
    </Panel>
  );
}

function CustomModelRow({
  provider,
  model,
  editable,
}: {
  provider: string;
  model: CustomModel;
  editable: boolean;
}) {
  const { t } = useTranslation("models");
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      api.delete(`${providerPath(provider)}/models`, {
        body: { model: model.model, model_type: model.model_type },
      }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["models"] }),
  });
  return (
    <li className="flex flex-col gap-1 px-3 py-1.5">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate">{model.model}</span>
        <span className="text-xs text-muted">
          {t(`types.${model.model_type}`, model.model_type)}
        </span>
        {editable && (
          <IconButton
            small
            label={t("removeModel", { model: model.model })}
            icon={<Trash2 size={14} />}
            disabled={remove.isPending}
            onClick={() => remove.mutate()}
          />
        )}
      </div>
      {remove.error && <Notice tone="bad">{errorText(remove.error)}</Notice>}
    </li>
  );
}

function ListedModels({ provider }: { provider: string }) {
  const { t, i18n } = useTranslation("models");
  const models = useQuery(providerModelsQuery(provider));
  if (models.error) return <Notice tone="bad">{errorText(models.error)}</Notice>;
  if (!models.data?.length) return null;
  return (
    <details>
      <summary className="text-muted">{t("listed", { count: models.data.length })}</summary>
      <ul className="mt-2 flex flex-col gap-0.5">
        {models.data.map((model) => (
          <li key={model.model_type + model.model} className="flex gap-2">
            <span className="min-w-0 flex-1 truncate">
              {words(model.label, i18n.language) || model.model}
            </span>
            <span className="text-xs text-muted">
              {t(`types.${model.model_type}`, model.model_type)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function RemoveKey({ provider, id }: { provider: string; id: string }) {
  const { t } = useTranslation("models");
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      api.delete(`${providerPath(provider)}/credentials`, { body: { credential_id: id } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["models"] }),
  });
  return (
    <div className="flex flex-col gap-2">
      <Button
        look="danger"
        busy={remove.isPending}
        onClick={() => remove.mutate()}
        className="self-start"
      >
        {t("removeKey")}
      </Button>
      {remove.error && <Notice tone="bad">{errorText(remove.error)}</Notice>}
    </div>
  );
}
