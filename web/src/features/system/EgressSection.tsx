import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { egressQuery } from "./queries";

/** Which private destinations apps may reach, and which were refused lately. */
export function EgressSection() {
  const { t } = useTranslation("system");
  const egress = useQuery(egressQuery);
  const found = egress.data;
  return (
    <Section title={t("egress")} text={t("egressText")}>
      {egress.isPending && <Loading />}
      {egress.error && <Notice tone="bad">{errorText(egress.error)}</Notice>}
      {found && (
        <>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
            <Exempt name="SSRF_PROXY_ALLOW_PRIVATE_IPS" values={found.addresses} />
            <Exempt name="SSRF_PROXY_ALLOW_PRIVATE_DOMAINS" values={found.domains} />
          </dl>
          {found.proxy && (
            <p className="mt-2 break-words text-muted">{t("via", { proxy: found.proxy })}</p>
          )}
          <h3 className="mt-4 font-medium">{t("refused")}</h3>
          {found.refused.length === 0 ? (
            <p className="text-muted">{t("noneRefused")}</p>
          ) : (
            <ul aria-label={t("refused")} className="mt-1 divide-y divide-line">
              {found.refused.map(({ host, port, times, last }) => (
                <li key={`${host}:${port}`} className="flex flex-wrap gap-x-3 py-1.5">
                  <span className="min-w-0 flex-1 break-all font-mono text-xs">
                    {host.includes(":") ? `[${host}]` : host}:{port}
                  </span>
                  <span className="text-xs text-muted">
                    {t("times", { count: times })}
                    {last !== null && (
                      <>
                        {" · "}
                        <RelativeTime seconds={last} />
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Section>
  );
}

function Exempt({ name, values }: { name: string; values: string[] }) {
  const { t } = useTranslation("system");
  return (
    <>
      <dt className="break-all font-mono text-xs leading-5">{name}</dt>
      <dd className="break-words text-muted">{values.join(", ") || t("noneExempt")}</dd>
    </>
  );
}
