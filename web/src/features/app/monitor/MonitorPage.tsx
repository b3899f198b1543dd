import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppMode } from "@/api/types";
import { errorText } from "@/ui/errorText";
import { SelectField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { amount } from "@/ui/units";
import { appQuery } from "../queries";
import { DayChart } from "./DayChart";
import {
  type DayRow,
  fillDays,
  type Metric,
  metricsOf,
  periodOf,
  readDays,
  total,
} from "./metrics";

const periods = ["1", "7", "30", "90"] as const;

export function MonitorPage() {
  const { t } = useTranslation("monitor");
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const search = useSearch({ from: "/framed/app/$appId/monitor" });
  const navigate = useNavigate({ from: "/app/$appId/monitor" });
  const { data: app } = useQuery(appQuery(appId));
  if (!app) return <Loading />;
  const days = Number(search.days ?? 7);
  return (
    <Page
      title={t("title")}
      text={t("text")}
      action={
        <SelectField
          bare
          label={t("period")}
          value={String(days)}
          options={periods.map((value) => ({ value, label: t("days", { count: Number(value) }) }))}
          onChange={(event) =>
            void navigate({
              search: { days: event.target.value === "7" ? undefined : event.target.value },
            })
          }
          className="w-36"
        />
      }
    >
      <div className="grid gap-3 sm:grid-cols-2">
        {metricsOf(app.mode).map((metric) => (
          <MetricCard key={metric.path} appId={appId} metric={metric} days={days} mode={app.mode} />
        ))}
      </div>
    </Page>
  );
}

interface MetricCardProps {
  appId: string;
  metric: Metric;
  days: number;
  mode: AppMode;
}

function MetricCard({ appId, metric, days }: MetricCardProps) {
  const { t } = useTranslation("monitor");
  const result = useQuery({
    queryKey: ["app", appId, "statistics", metric.path, days],
    queryFn: async ({ signal }) => {
      const { start, end } = periodOf(days, new Date());
      const { data } = await api.get<{ data: DayRow[] }>(`/apps/${appId}${metric.path}`, {
        query: { start, end },
        signal,
      });
      return fillDays(readDays(data, metric.field), days, new Date());
    },
    staleTime: 60_000,
  });
  const label = t(`metrics.${metric.name}`);
  return (
    <section
      aria-label={label}
      className="flex min-h-36 flex-col gap-1 rounded-card border border-line bg-surface p-4"
    >
      <h2 className="text-xs font-medium text-muted">{label}</h2>
      {result.error && <Notice tone="bad">{errorText(result.error)}</Notice>}
      {result.data && (
        <>
          <div className="text-2xl font-semibold">{amount(total(result.data, metric.sum))}</div>
          <DayChart days={result.data} label={label} />
        </>
      )}
    </section>
  );
}
