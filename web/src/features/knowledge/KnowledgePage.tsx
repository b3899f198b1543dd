import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { BookOpen, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";
import { KeyList } from "@/features/keys/KeyList";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { useDebounced } from "@/ui/useDebounced";
import { CreateDataset } from "./CreateDataset";
import { type Dataset, datasetsQuery } from "./queries";

/** The workspace's knowledge bases. */
export function KnowledgePage() {
  const { t } = useTranslation("knowledge");
  const { role, teach, manage } = useAbilities();
  const { name = "", create } = useSearch({ from: "/framed/knowledge" });
  const navigate = useNavigate({ from: "/knowledge" });
  const found = useInfiniteQuery({ ...datasetsQuery(useDebounced(name, 250)), enabled: teach });
  const rows = found.data?.pages.flatMap(({ data }) => data) ?? [];
  const start = () => void navigate({ search: (old) => ({ ...old, create: true }) });
  const button = teach && (
    <Button look="primary" icon={<Plus size={14} />} onClick={start}>
      {t("create")}
    </Button>
  );
  return (
    <Page title={t("title")} text={t("text")} action={button}>
      {(rows.length > 0 || name) && (
        <TextField
          bare
          type="search"
          label={t("searchName")}
          placeholder={t("searchName")}
          value={name}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, name: event.target.value || undefined }),
              replace: true,
            })
          }
        />
      )}
      {role && !teach && <Notice tone="info">{t("onlyEditors")}</Notice>}
      {teach && found.isPending && <Loading />}
      {found.error && <Notice tone="bad">{errorText(found.error)}</Notice>}
      {found.data && rows.length === 0 && !name && (
        <EmptyState
          icon={<BookOpen size={28} aria-hidden="true" />}
          title={t("empty")}
          text={t("emptyText")}
          action={button}
        />
      )}
      {found.data && rows.length === 0 && name && <p className="text-muted">{t("none")}</p>}
      {rows.length > 0 && (
        <ul className="divide-y divide-line rounded-card border border-line bg-surface">
          {rows.map((dataset) => (
            <DatasetRow key={dataset.id} dataset={dataset} />
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          small
          className="self-center"
          busy={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {t("more")}
        </Button>
      )}
      {manage && (
        <Section title={t("keys")} text={t("keysText")}>
          <KeyList path="/datasets/api-keys" empty={t("noKeys")} />
        </Section>
      )}
      {create && teach && (
        <CreateDataset
          onClose={() => void navigate({ search: (old) => ({ ...old, create: undefined }) })}
        />
      )}
    </Page>
  );
}

function DatasetRow({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("knowledge");
  const technique = dataset.indexing_technique;
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 hover:bg-brass-soft/50">
      <div className="min-w-40 flex-1">
        <Link
          to="/knowledge/$datasetId"
          params={{ datasetId: dataset.id }}
          className="font-medium after:absolute after:inset-0"
        >
          {dataset.name}
        </Link>
        <p className="truncate text-xs text-muted">
          {dataset.description || t(technique ? `techniques.${technique}` : "notDecided")}
        </p>
      </div>
      <span className="text-xs text-muted">
        {t("documents", { count: dataset.document_count })}
        {" · "}
        {t("apps", { count: dataset.app_count })}
      </span>
    </li>
  );
}
