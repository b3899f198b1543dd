import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppDetail } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { draftQuery, publishedQuery } from "../queries";

/** Makes the draft what everybody gets. */
export function PublishVersion({ app }: { app: AppDetail }) {
  const { t } = useTranslation("publish");
  const { edit } = useAbilities();
  const published = useQuery(publishedQuery(app.id));
  const draft = useQuery(draftQuery(app.id));
  const [name, setName] = useState("");
  const [comment, setComment] = useState("");
  const cache = useQueryClient();
  const publish = useMutation({
    mutationFn: () =>
      api.post(`/apps/${app.id}/workflows/publish`, {
        marked_name: name.trim(),
        marked_comment: comment.trim(),
      }),
    onSuccess: async () => {
      setName("");
      setComment("");
      await cache.invalidateQueries({ queryKey: ["app", app.id] });
    },
  });
  const version = published.data;
  const same = Boolean(version && draft.data && version.hash === draft.data.hash);
  return (
    <Section
      title={t("version")}
      text={
        version ? (
          <>
            {version.marked_name ? t("publishedAs", { name: version.marked_name }) : t("published")}{" "}
            <RelativeTime seconds={version.created_at} />
            {version.created_by?.name && ` · ${version.created_by.name}`}
            {" · "}
            {same ? t("upToDate") : t("changed")}
          </>
        ) : published.isSuccess ? (
          t("neverPublished")
        ) : undefined
      }
    >
      {(publish.error ?? published.error) && (
        <Notice tone="bad">{errorText(publish.error ?? published.error)}</Notice>
      )}
      {edit && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            publish.mutate();
          }}
          className="flex flex-wrap items-end gap-3"
        >
          <TextField
            label={t("versionName")}
            maxLength={20}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="w-44"
          />
          <TextField
            label={t("versionNote")}
            maxLength={100}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
            className="min-w-40 flex-1"
          />
          <Button
            type="submit"
            look="brass"
            icon={<Upload size={14} />}
            busy={publish.isPending}
            disabled={!draft.data}
          >
            {t("publish")}
          </Button>
        </form>
      )}
    </Section>
  );
}
