import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheck, Plug } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { words } from "@/ui/words";
import { DefaultModels } from "./DefaultModels";
import { ownEndpoint } from "./ownEndpoint";
import { ProviderIcon } from "./ProviderIcon";
import { ProviderPanel } from "./ProviderPanel";
import { providersQuery } from "./queries";
import type { Provider } from "./types";

export function ModelsPage() {
  const { t, i18n } = useTranslation("models");
  const search = useSearch({ from: "/framed/settings/models" });
  const navigate = useNavigate({ from: "/settings/models" });
  const { manage } = useAbilities();
  const providers = useQuery(providersQuery);
  const open = (provider: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, provider }) });

  const all = providers.data ?? [];
  const wanted = (search.name ?? "").toLowerCase();
  const label = (provider: Provider) => words(provider.label, i18n.language) || provider.provider;
  const found = all.filter((provider) => label(provider).toLowerCase().includes(wanted));
  const ready = found.filter(isReady);
  const others = found.filter((provider) => !isReady(provider));
  const chosen = all.find(({ provider }) => provider === search.provider);
  const endpoint = ownEndpoint(all);

  return (
    <>
      <Page title={t("title")} text={t("text")}>
        {!manage && <Notice tone="info">{t("readOnly")}</Notice>}
        <Section title={t("defaults")} text={t("defaultsText")}>
          <DefaultModels disabled={!manage} />
        </Section>
        {endpoint && manage && (
          <Section
            title={t("ownTitle")}
            text={t("ownText")}
            action={
              <Button
                look="primary"
                icon={<Plug size={14} />}
                onClick={() => open(endpoint.provider)}
              >
                {t("ownAction")}
              </Button>
            }
          />
        )}
        <TextField
          bare
          type="search"
          label={t("searchProvider")}
          placeholder={t("searchProvider")}
          value={search.name ?? ""}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, name: event.target.value || undefined }),
              replace: true,
            })
          }
        />
        {providers.isPending && <Loading />}
        {providers.error && <Notice tone="bad">{errorText(providers.error)}</Notice>}
        {providers.data && found.length === 0 && <EmptyState title={t("noProvider")} />}
        {ready.length > 0 && (
          <ProviderList title={t("ready")} providers={ready} label={label} onOpen={open} />
        )}
        {others.length > 0 && (
          <ProviderList title={t("available")} providers={others} label={label} onOpen={open} />
        )}
      </Page>
      {chosen && (
        <ProviderPanel
          key={chosen.provider}
          provider={chosen}
          editable={manage}
          onClose={() => open(undefined)}
        />
      )}
    </>
  );
}

function isReady({ custom_configuration: configuration }: Provider): boolean {
  return configuration?.status === "active";
}

interface ProviderListProps {
  title: string;
  providers: readonly Provider[];
  label: (provider: Provider) => string;
  onOpen: (provider: string) => void;
}

function ProviderList({ title, providers, label, onOpen }: ProviderListProps) {
  const { t } = useTranslation("models");
  return (
    <section aria-label={title}>
      <h2 className="mb-2 text-xs text-muted">{title}</h2>
      <ul className="divide-y divide-line overflow-hidden rounded-card border border-line bg-surface">
        {providers.map((provider) => (
          <li key={provider.provider}>
            <button
              type="button"
              onClick={() => onOpen(provider.provider)}
              className="flex w-full items-center gap-3 px-4 py-2.5 text-left -outline-offset-2 hover:bg-brass-soft/50"
            >
              <ProviderIcon name={label(provider)} />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{label(provider)}</span>
                <span className="block truncate text-xs text-muted">
                  {provider.supported_model_types
                    .map((type) => t(`types.${type}`, type))
                    .join(" · ")}
                </span>
              </span>
              {isReady(provider) && (
                <span className="flex items-center gap-1 text-xs text-ok">
                  <CircleCheck size={14} aria-hidden="true" />
                  {t("isReady")}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
