import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { givenRoles } from "@/features/account/roles";
import { languageOf, localeOf } from "@/i18n/start";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/errorText";
import { SelectField, TextArea } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { splitEmails } from "./emails";
import { type InvitationResult, membersQuery } from "./queries";

/** Asks for addresses and a role, then shows a link for each, to hand over by any way one likes. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation(["members", "ui"]);
  const [text, setText] = useState("");
  const [role, setRole] = useState("editor");
  const cache = useQueryClient();
  const { good, bad } = splitEmails(text);
  const [left, setLeft] = useState(false);
  const invite = useMutation({
    mutationFn: () =>
      api.post<{ invitation_results: InvitationResult[] }>(
        "/workspaces/current/members/invite-email",
        {
          emails: good,
          role,
          language: localeOf(languageOf(i18n.language)),
        },
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: membersQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(true);
    if (good.length > 0 && bad.length === 0) invite.mutate();
  };
  if (invite.data)
    return (
      <Dialog open onClose={onClose} title={t("members:linksTitle")} text={t("members:linksText")}>
        <ul className="flex flex-col gap-3">
          {invite.data.invitation_results.map((result) => (
            <li key={result.email}>
              <div className="font-medium">{result.email}</div>
              {result.status === "success" && result.url ? (
                <div className="flex items-center gap-1">
                  <code className="min-w-0 flex-1 truncate rounded-control border border-line px-2 py-1">
                    {result.url}
                  </code>
                  <CopyButton
                    text={result.url}
                    label={t("members:copyLink", { email: result.email })}
                  />
                </div>
              ) : (
                <Notice tone="bad">{result.message}</Notice>
              )}
            </li>
          ))}
        </ul>
        <Button look="primary" onClick={onClose} className="mt-4">
          {t("ui:close")}
        </Button>
      </Dialog>
    );
  return (
    <Dialog open onClose={onClose} title={t("members:inviteTitle")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {invite.error && <Notice tone="bad">{errorText(invite.error)}</Notice>}
        <TextArea
          label={t("members:emails")}
          help={t("members:emailsHelp")}
          error={
            left && bad.length > 0 ? t("members:emailsBad", { list: bad.join(", ") }) : undefined
          }
          rows={3}
          required
          autoFocus
          value={text}
          onBlur={() => setLeft(true)}
          onChange={(event) => setText(event.target.value)}
        />
        <SelectField
          label={t("members:role")}
          help={t(`members:roleText.${role}`)}
          value={role}
          options={givenRoles.map((value) => ({ value, label: t(`members:roles.${value}`) }))}
          onChange={(event) => setRole(event.target.value)}
        />
        <Button type="submit" look="primary" busy={invite.isPending} className="self-end">
          {t("members:makeLinks", { count: Math.max(1, good.length) })}
        </Button>
      </form>
    </Dialog>
  );
}
