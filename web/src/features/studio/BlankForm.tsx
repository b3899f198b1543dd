import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RadioGroup } from "radix-ui";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppDetail, AppMode } from "@/api/types";
import { isGraph, modes } from "@/features/app/modes";
import { defaultModelQuery } from "@/features/models/queries";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextArea, TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { firstDraft, saveFirstDraft } from "./firstDraft";

/** The icon an app starts with. */
const icons: Record<AppMode, string> = {
  workflow: "🧭",
  "advanced-chat": "🪐",
  chat: "💬",
  "agent-chat": "🛰️",
  completion: "📝",
};

export function BlankForm({ onCreated }: { onCreated: (appId: string) => Promise<void> }) {
  const { t } = useTranslation(["studio", "nodes"]);
  const cache = useQueryClient();
  const [mode, setMode] = useState<AppMode>("workflow");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: async () => {
      const body = {
        name: name.trim(),
        description,
        mode,
        icon_type: "emoji",
        icon: icons[mode],
        icon_background: "#F5EBD8",
      };
      const app = await api.post<AppDetail>("/apps", body);
      if (isGraph(mode)) {
        const model = await cache.ensureQueryData(defaultModelQuery("llm")).catch(() => null);
        const titles = {
          start: t("nodes:start"),
          llm: t("nodes:llm"),
          answer: t("nodes:answer"),
          end: t("nodes:end"),
        };
        await saveFirstDraft(app.id, firstDraft(mode, model, titles));
      }
      return app;
    },
    onSuccess: ({ id }) => onCreated(id),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {create.error && <Notice tone="bad">{errorText(create.error)}</Notice>}
      <RadioGroup.Root
        aria-label={t("type")}
        value={mode}
        onValueChange={(value) => setMode(modes.find((one) => one === value) ?? mode)}
        className="grid gap-2 sm:grid-cols-2"
      >
        {modes.map((one) => (
          <RadioGroup.Item
            key={one}
            value={one}
            className="flex items-start gap-2.5 rounded-control border border-line p-2.5 text-left hover:border-line-strong data-[state=checked]:border-brass data-[state=checked]:bg-brass-soft"
          >
            <span aria-hidden="true" className="text-lg leading-none">
              {icons[one]}
            </span>
            <span>
              <span className="block font-medium">{t(`modes.${one}`)}</span>
              <span className="block text-xs text-muted">{t(`modeText.${one}`)}</span>
            </span>
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
      <TextField
        label={t("name")}
        required
        autoFocus
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
      <Button type="submit" look="primary" busy={create.isPending} className="self-end">
        {t("create")}
      </Button>
    </form>
  );
}
