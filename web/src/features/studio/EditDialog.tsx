import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppCard } from "@/api/types";
import { appQuery } from "@/features/app/queries";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/errorText";
import { TextArea, TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";

/** Name, description and icon of an app. */
export function EditDialog({ app, onClose }: { app: AppCard; onClose: () => void }) {
  const { t } = useTranslation(["studio", "ui"]);
  const cache = useQueryClient();
  const [name, setName] = useState(app.name);
  const [description, setDescription] = useState(app.description);
  const [icon, setIcon] = useState(app.icon_type === "emoji" ? (app.icon ?? "") : "");
  const save = useMutation({
    mutationFn: async () => {
      // The whole record is replaced, so what this form does not show is read first.
      const now = await cache.fetchQuery({ ...appQuery(app.id), staleTime: 0 });
      const emoji = icon.trim();
      await api.put(`/apps/${app.id}`, {
        name: name.trim(),
        description,
        icon_type: emoji ? "emoji" : now.icon_type,
        icon: emoji || now.icon,
        icon_background: now.icon_background,
        use_icon_as_answer_icon: now.use_icon_as_answer_icon ?? false,
        max_active_requests: now.max_active_requests ?? undefined,
      });
    },
    onSuccess: async () => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: ["apps"] }),
        cache.invalidateQueries({ queryKey: appQuery(app.id).queryKey, exact: true }),
      ]);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("studio:editTitle")}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        {save.error && <Notice tone="bad">{errorText(save.error)}</Notice>}
        <div className="flex gap-3">
          <TextField
            label={t("studio:icon")}
            value={icon}
            maxLength={8}
            onChange={(event) => setIcon(event.target.value)}
            className="w-16"
          />
          <TextField
            label={t("studio:name")}
            required
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="flex-1"
          />
        </div>
        <TextArea
          label={t("studio:description")}
          maxLength={400}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <div className="mt-1 flex justify-end gap-2">
          <Button onClick={onClose}>{t("ui:cancel")}</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {t("ui:save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
