import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { RadioGroup } from "radix-ui";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { choicesQuery } from "@/features/models/queries";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import type { Dataset, Technique } from "./queries";

const techniques: readonly Technique[] = ["high_quality", "economy"];

/** A name and how it is searched; documents follow on its page. */
export function CreateDataset({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("knowledge");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Technique>();
  const models = useQuery(choicesQuery("text-embedding")).data;
  const able = models?.some((provider) => provider.models.length > 0) ?? false;
  const technique = chosen ?? (able ? "high_quality" : "economy");
  const create = useMutation({
    mutationFn: () =>
      api.post<Dataset>("/datasets", { name: name.trim(), indexing_technique: technique }),
    onSuccess: async ({ id }) => {
      void cache.invalidateQueries({ queryKey: ["datasets"] });
      await navigate({ to: "/knowledge/$datasetId", params: { datasetId: id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("create")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {create.error && <Notice tone="bad">{errorText(create.error)}</Notice>}
        <TextField
          label={t("name")}
          required
          autoFocus
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <RadioGroup.Root
          aria-label={t("technique")}
          value={technique}
          onValueChange={(value) => setChosen(value as Technique)}
          className="flex flex-col gap-2"
        >
          {techniques.map((one) => (
            <RadioGroup.Item
              key={one}
              value={one}
              disabled={one === "high_quality" && !able}
              className="rounded-control border border-line p-2.5 text-left hover:border-line-strong disabled:opacity-60 data-[state=checked]:border-brass data-[state=checked]:bg-brass-soft"
            >
              <span className="block font-medium">{t(`techniques.${one}`)}</span>
              <span className="block text-xs text-muted">{t(`techniqueText.${one}`)}</span>
            </RadioGroup.Item>
          ))}
        </RadioGroup.Root>
        {models && !able && (
          <p className="text-xs text-muted">
            {t("needsModel")}{" "}
            <Link to="/settings/models" className="text-brass hover:underline">
              {t("addModel")}
            </Link>
          </p>
        )}
        <Button
          type="submit"
          look="primary"
          busy={create.isPending}
          disabled={!name.trim()}
          className="self-end"
        >
          {t("create")}
        </Button>
      </form>
    </Dialog>
  );
}
