import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppDetail } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { KeyList } from "@/features/keys/KeyList";
import { buttonClass } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { Toggle } from "@/ui/Toggle";
import { isGraph } from "../modes";
import { appQuery } from "../queries";
import { CheckSection } from "./CheckSection";
import { Examples } from "./Examples";

import { PublishVersion } from "./PublishVersion";
import { webAppUrl } from "./webAppUrl";

export function PublishPage() {
  const { t } = useTranslation("publish");
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const { edit } = useAbilities();
  const { data: app } = useQuery(appQuery(appId));
  if (!app) return <Loading />;
  return (
    <Page title={t("title")}>
      {isGraph(app.mode) && <PublishVersion app={app} />}
      {edit && <CheckSection appId={app.id} />}
      <WebAppSection app={app} />
      <ApiSection app={app} />
    </Page>
  );
}

/** Switches one of the app's doors; shows the new state at once and takes it back when refused. */
function useDoor(app: AppDetail, door: "site" | "api") {
  const cache = useQueryClient();
  const key = appQuery(app.id).queryKey;
  return useMutation({
    mutationFn: (open: boolean) =>
      api.post(`/apps/${app.id}/${door}-enable`, { [`enable_${door}`]: open }),
    onMutate: (open) =>
      cache.setQueryData(key, (old) => (old ? { ...old, [`enable_${door}`]: open } : old)),
    onSettled: () => cache.invalidateQueries({ queryKey: key, exact: true }),
  });
}

function WebAppSection({ app }: { app: AppDetail }) {
  const { t } = useTranslation("publish");
  const { edit } = useAbilities();
  const door = useDoor(app, "site");
  const url = webAppUrl(app, location.origin);
  return (
    <Section
      title={t("webApp")}
      text={t("webAppText")}
      action={
        <Toggle
          bare
          label={t("webAppOpen")}
          checked={app.enable_site}
          disabled={!edit}
          onChange={(open) => door.mutate(open)}
        />
      }
    >
      {door.error && <Notice tone="bad">{errorText(door.error)}</Notice>}
      {url ? (
        <div className="flex items-center gap-1">
          <code className="min-w-0 flex-1 truncate rounded-control border border-line bg-bg px-2 py-1">
            {url}
          </code>
          <CopyButton text={url} />
          {app.enable_site && (
            <a href={url} target="_blank" rel="noreferrer" className={buttonClass("outline", true)}>
              <ExternalLink size={13} aria-hidden="true" />
              {t("open")}
            </a>
          )}
        </div>
      ) : (
        <p className="text-muted">{t("noSite")}</p>
      )}
    </Section>
  );
}

function ApiSection({ app }: { app: AppDetail }) {
  const { t } = useTranslation("publish");
  const { manage } = useAbilities();
  const door = useDoor(app, "api");
  // Servers that do not know their own address give a path.
  const base = new URL(app.api_base_url || "/v1", location.origin).href.replace(/\/$/, "");
  return (
    <Section
      title={t("api")}
      text={t("apiText")}
      action={
        <Toggle
          bare
          label={t("apiOpen")}
          checked={app.enable_api}
          disabled={!manage}
          onChange={(open) => door.mutate(open)}
        />
      }
    >
      <div className="flex flex-col gap-6">
        {door.error && <Notice tone="bad">{errorText(door.error)}</Notice>}
        <div>
          <h3 className="mb-1 text-xs text-muted">{t("base")}</h3>
          <div className="flex items-center gap-1">
            <code className="min-w-0 flex-1 truncate rounded-control border border-line bg-bg px-2 py-1">
              {base}
            </code>
            <CopyButton text={base} />
          </div>
        </div>
        <KeyList path={`/apps/${app.id}/api-keys`} />
        <Examples app={app} base={base} />
      </div>
    </Section>
  );
}
