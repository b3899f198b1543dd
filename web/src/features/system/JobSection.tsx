import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { actWithUndo, useToasts } from "@/ui/toasts";
import { type FailedJob, failedJobsQuery, partsQuery } from "./queries";

/** Work that failed for good: the reason, another try, or an end of it. */
export function JobSection() {
  const { t } = useTranslation("system");
  const jobs = useInfiniteQuery(failedJobsQuery);
  const rows = jobs.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Section title={t("jobs")} text={t("jobsText")}>
      {jobs.isPending && <Loading />}
      {jobs.error && <Notice tone="bad">{errorText(jobs.error)}</Notice>}
      {jobs.data && rows.length === 0 && <p className="text-muted">{t("noJobs")}</p>}
      {rows.length > 0 && (
        <ul aria-label={t("jobs")} className="-my-2 divide-y divide-line">
          {rows.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {jobs.hasNextPage && (
        <Button
          small
          className="mt-4"
          busy={jobs.isFetchingNextPage}
          onClick={() => void jobs.fetchNextPage()}
        >
          {t("more")}
        </Button>
      )}
    </Section>
  );
}

function JobRow({ job }: { job: FailedJob }) {
  const { t } = useTranslation("system");
  const cache = useQueryClient();
  const show = useToasts((store) => store.show);
  const complain = (error: unknown) => show({ text: errorText(error), tone: "bad" });
  const refresh = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: failedJobsQuery.queryKey }),
      // The part named queue counts them.
      cache.invalidateQueries({ queryKey: partsQuery.queryKey }),
    ]);
  const retry = useMutation({
    mutationFn: () => api.post(`/system/jobs/${job.id}/retry`),
    onSuccess: refresh,
    onError: complain,
  });
  const remove = () => {
    cache.setQueryData(failedJobsQuery.queryKey, (old) =>
      old
        ? {
            ...old,
            pages: old.pages.map((page) => ({
              ...page,
              data: page.data.filter(({ id }) => id !== job.id),
            })),
          }
        : old,
    );
    actWithUndo({
      text: t("deleted", { name: job.name }),
      act: () => api.delete(`/system/jobs/${job.id}`, { keepalive: true }).then(refresh),
      restore: () => void refresh(),
      onError: complain,
    });
  };
  const when = job.finished_at ?? job.created_at;
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-1 py-2">
      <div className="min-w-48 flex-1">
        <div className="flex flex-wrap gap-x-3">
          <span className="break-all font-mono text-xs">{job.name}</span>
          <span className="text-xs text-muted">
            {t("queued", { queue: job.queue })} · {t("tried", { count: job.attempts })}
            {when !== null && (
              <>
                {" · "}
                <RelativeTime seconds={when} />
              </>
            )}
          </span>
        </div>
        <p className="mt-0.5 whitespace-pre-line break-words">{job.error || t("noReason")}</p>
      </div>
      <Button
        small
        busy={retry.isPending}
        onClick={() => retry.mutate()}
        aria-label={t("retryName", { name: job.name })}
      >
        {t("retry")}
      </Button>
      <Button
        small
        look="quiet"
        disabled={retry.isPending}
        onClick={remove}
        aria-label={t("deleteName", { name: job.name })}
      >
        {t("delete")}
      </Button>
    </li>
  );
}
