import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/errorText";
import { TextArea, TextField } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Loading } from "@/ui/Loading";
import { Menu } from "@/ui/Menu";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { actWithUndo, useToasts } from "@/ui/toasts";
import { DocumentSection } from "./DocumentSection";
import { type Dataset, datasetQuery } from "./queries";
import { SearchSection } from "./SearchSection";

/** One knowledge base: its documents, and a search by hand. */
export function DatasetPage() {
  const { t } = useTranslation(["knowledge", "ui"]);
  const { teach } = useAbilities();
  const { datasetId } = useParams({ from: "/framed/knowledge/$datasetId" });
  const { data: dataset, error } = useQuery(datasetQuery(datasetId));
  const [editing, setEditing] = useState(false);
  const remove = useRemoval(dataset);
  if (error)
    return (
      <Page title={t("knowledge:title")}>
        <Notice tone="bad">{errorText(error)}</Notice>
      </Page>
    );
  if (!dataset) return <Loading />;
  const technique = dataset.indexing_technique;
  const menu = teach && (
    <Menu
      trigger={<IconButton label={t("ui:more")} icon={<Ellipsis size={16} />} />}
      items={[
        {
          key: "edit",
          label: t("knowledge:edit"),
          icon: <Pencil size={14} />,
          onSelect: () => setEditing(true),
        },
        null,
        {
          key: "delete",
          label: t("knowledge:delete"),
          icon: <Trash2 size={14} />,
          danger: true,
          onSelect: remove,
        },
      ]}
    />
  );
  return (
    <Page
      title={dataset.name}
      text={
        dataset.description ||
        t(technique ? `knowledge:techniques.${technique}` : "knowledge:notDecided")
      }
      action={menu}
    >
      <DocumentSection dataset={dataset} />
      {dataset.document_count > 0 && <SearchSection dataset={dataset} />}
      {editing && <EditDataset dataset={dataset} onClose={() => setEditing(false)} />}
    </Page>
  );
}

function useRemoval(dataset: Dataset | undefined): () => void {
  const { t } = useTranslation("knowledge");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const show = useToasts((store) => store.show);
  return () => {
    if (!dataset) return;
    const { id, name } = dataset;
    void navigate({ to: "/knowledge" });
    actWithUndo({
      text: t("deleted", { name }),
      act: () =>
        api
          .delete(`/datasets/${id}`, { keepalive: true })
          .then(() => cache.invalidateQueries({ queryKey: ["datasets"] })),
      restore: () => void cache.invalidateQueries({ queryKey: ["datasets"] }),
      onError: (error) => show({ text: errorText(error), tone: "bad" }),
    });
  };
}

function EditDataset({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { t } = useTranslation("knowledge");
  const cache = useQueryClient();
  const [name, setName] = useState(dataset.name);
  const [description, setDescription] = useState(dataset.description ?? "");
  const save = useMutation({
    mutationFn: () =>
      api.patch<Dataset>(`/datasets/${dataset.id}`, { name: name.trim(), description }),
    onSuccess: async () => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: ["datasets"] }),
        cache.invalidateQueries({ queryKey: datasetQuery(dataset.id).queryKey, exact: true }),
      ]);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("editTitle")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {save.error && <Notice tone="bad">{errorText(save.error)}</Notice>}
        <TextField
          label={t("name")}
          required
          autoFocus
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label={t("description")}
          rows={2}
          maxLength={400}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Button type="submit" look="primary" busy={save.isPending} className="self-end">
          {t("save")}
        </Button>
      </form>
    </Dialog>
  );
}
