import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FilePlus2, TextCursorInput } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";
import { choicesQuery } from "@/features/models/queries";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import { useDebounced } from "@/ui/useDebounced";
import { DocumentRow } from "./DocumentRow";
import { addDocuments, type Dataset, documentsQuery, isMoving, progressQuery } from "./queries";
import { TextDialog } from "./TextDialog";

/** The documents of a knowledge base, how far each has come, and ways to add some. */
export function DocumentSection({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("knowledge");
  const { teach } = useAbilities();
  const { keyword = "" } = useSearch({ from: "/framed/knowledge/$datasetId" });
  const navigate = useNavigate({ from: "/knowledge/$datasetId" });
  const found = useInfiniteQuery(documentsQuery(dataset.id, useDebounced(keyword, 250)));
  const rows = found.data?.pages.flatMap(({ data }) => data) ?? [];
  const moving = rows.some(isMoving);
  const progress = useQuery({ ...progressQuery(dataset.id), enabled: moving }).data;
  const adding = useAdding(dataset);
  const [writing, setWriting] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const actions = teach && (
    <div className="flex flex-wrap gap-2">
      <input
        ref={picker}
        type="file"
        multiple
        tabIndex={-1}
        className="sr-only"
        aria-label={t("addFiles")}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          if (files.length > 0) adding.mutate(files);
        }}
      />
      <Button
        icon={<FilePlus2 size={14} />}
        busy={adding.isPending}
        onClick={() => picker.current?.click()}
      >
        {t("addFiles")}
      </Button>
      <Button
        icon={<TextCursorInput size={14} />}
        disabled={adding.isPending}
        onClick={() => setWriting(true)}
      >
        {t("addText")}
      </Button>
    </div>
  );
  return (
    <Section title={t("documents")} action={actions}>
      {adding.error && <Notice tone="bad">{errorText(adding.error)}</Notice>}
      {(rows.length > 0 || keyword) && (
        <TextField
          bare
          type="search"
          className="mb-3"
          label={t("searchDocument")}
          placeholder={t("searchDocument")}
          value={keyword}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, keyword: event.target.value || undefined }),
              replace: true,
            })
          }
        />
      )}
      {found.isPending && <Loading />}
      {found.error && <Notice tone="bad">{errorText(found.error)}</Notice>}
      {found.data &&
        rows.length === 0 &&
        (keyword ? (
          <p className="text-muted">{t("noDocument")}</p>
        ) : (
          <EmptyState title={t("noDocuments")} text={t("noDocumentsText")} />
        ))}
      {rows.length > 0 && (
        <ul aria-label={t("documents")} className="-my-2 divide-y divide-line">
          {rows.map((document) => (
            <DocumentRow
              key={document.id}
              datasetId={dataset.id}
              document={document}
              progress={progress?.find(({ id }) => id === document.id)}
            />
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          small
          className="mt-4"
          busy={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {t("more")}
        </Button>
      )}
      {writing && (
        <TextDialog
          onClose={() => setWriting(false)}
          onText={(file) => {
            setWriting(false);
            adding.mutate([file]);
          }}
        />
      )}
    </Section>
  );
}

function useAdding(dataset: Dataset) {
  const cache = useQueryClient();
  // Where nobody decided yet, the first document does: by meaning, if there is a model for it.
  const models = useQuery(choicesQuery("text-embedding")).data;
  const able = models?.some((provider) => provider.models.length > 0) ?? false;
  return useMutation({
    mutationFn: (files: readonly File[]) =>
      addDocuments(dataset, files, able ? "high_quality" : "economy"),
    onSuccess: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ["dataset", dataset.id] }),
        cache.invalidateQueries({ queryKey: ["datasets"] }),
      ]),
  });
}
