import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import type { Dataset, FoundPassage } from "./queries";

/** A search as apps make it. */
export function SearchSection({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("knowledge");
  const { teach } = useAbilities();
  const { question = "" } = useSearch({ from: "/framed/knowledge/$datasetId" });
  const navigate = useNavigate({ from: "/knowledge/$datasetId" });
  const [query, setQuery] = useState(question);
  const search = useMutation({
    mutationFn: (text: string) =>
      api.post<{ records: FoundPassage[] }>(`/datasets/${dataset.id}/hit-testing`, { query: text }),
  });
  if (!teach) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = query.trim();
    void navigate({ search: (old) => ({ ...old, question: text || undefined }), replace: true });
    search.mutate(text);
  };
  const found = search.data?.records;
  return (
    <Section title={t("try")} text={t("tryText")}>
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          bare
          required
          className="flex-1"
          maxLength={250}
          label={t("question")}
          placeholder={t("question")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Button
          type="submit"
          icon={<Search size={14} />}
          busy={search.isPending}
          disabled={!query.trim()}
        >
          {t("search")}
        </Button>
      </form>
      {search.error && (
        <div className="mt-4">
          <Notice tone="bad">{errorText(search.error)}</Notice>
        </div>
      )}
      {found?.length === 0 && <p className="mt-4 text-muted">{t("nothingFound")}</p>}
      {found && found.length > 0 && (
        <ol aria-label={t("try")} className="mt-4 flex flex-col gap-2">
          {found.map(({ segment, score }) => (
            <li key={segment.id} className="rounded-control border border-line p-3">
              <p className="mb-1 flex flex-wrap gap-x-3 text-xs text-muted">
                <span className="min-w-0 flex-1 truncate">{segment.document.name}</span>
                <span>{t("passage", { number: segment.position })}</span>
                {score !== null && <span>{t("score", { score: score.toFixed(2) })}</span>}
              </p>
              <p className="whitespace-pre-line break-words">{segment.content}</p>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
