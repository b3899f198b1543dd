import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { Member } from "@/api/types";
import { profileQuery } from "@/features/account/queries";
import { givenRoles, useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { SelectField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { actWithUndo, useToasts } from "@/ui/toasts";
import { InviteDialog } from "./InviteDialog";
import { membersQuery } from "./queries";

export function MembersPage() {
  const { t } = useTranslation("members");
  const { manage } = useAbilities();
  const [inviting, setInviting] = useState(false);
  const members = useQuery(membersQuery);
  return (
    <Page
      title={t("title")}
      text={t("text")}
      action={
        manage && (
          <Button look="primary" icon={<UserPlus size={14} />} onClick={() => setInviting(true)}>
            {t("invite")}
          </Button>
        )
      }
    >
      {members.isPending && <Loading />}
      {members.error && <Notice tone="bad">{errorText(members.error)}</Notice>}
      {members.data && (
        <ul className="divide-y divide-line rounded-card border border-line bg-surface">
          {members.data.map((member) => (
            <MemberRow key={member.id} member={member} />
          ))}
        </ul>
      )}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

function MemberRow({ member }: { member: Member }) {
  const { t } = useTranslation("members");
  const { own, manage } = useAbilities();
  const me = useQuery(profileQuery).data;
  const cache = useQueryClient();
  const show = useToasts((store) => store.show);
  const complain = (error: unknown) => show({ text: errorText(error), tone: "bad" });
  const refresh = () => cache.invalidateQueries({ queryKey: membersQuery.queryKey });
  const change = useMutation({
    mutationFn: (role: string) =>
      api.put(`/workspaces/current/members/${member.id}/update-role`, { role }),
    onSuccess: refresh,
    onError: complain,
  });
  const changeable = (own || manage) && member.role !== "owner" && member.id !== me?.id;
  const remove = () => {
    cache.setQueryData(membersQuery.queryKey, (old) => old?.filter(({ id }) => id !== member.id));
    actWithUndo({
      text: t("removed", { name: member.name }),
      act: () => api.delete(`/workspaces/current/members/${member.id}`, { keepalive: true }),
      restore: () => void refresh(),
      onError: complain,
    });
  };
  const seen = member.last_active_at ?? member.last_login_at;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <div className="min-w-40 flex-1">
        <div className="flex items-center gap-2 font-medium">
          <span className="truncate">{member.name}</span>
          {member.id === me?.id && (
            <span className="text-xs font-normal text-muted">{t("you")}</span>
          )}
          {member.status === "pending" && (
            <span className="text-xs font-normal text-warn">{t("pending")}</span>
          )}
        </div>
        <div className="truncate text-xs text-muted">{member.email}</div>
      </div>
      <div className="hidden w-32 text-xs text-muted md:block">
        {seen ? <RelativeTime seconds={seen} /> : t("never")}
      </div>
      {changeable ? (
        <>
          <SelectField
            bare
            label={t("roleOf", { name: member.name })}
            value={member.role}
            disabled={change.isPending}
            options={givenRoles.map((role) => ({ value: role, label: t(`roles.${role}`) }))}
            onChange={(event) => change.mutate(event.target.value)}
            className="w-40"
          />
          <Button
            small
            look="quiet"
            onClick={remove}
            aria-label={t("removeName", { name: member.name })}
          >
            {t("remove")}
          </Button>
        </>
      ) : (
        <span className="text-muted">{t(`roles.${member.role}`)}</span>
      )}
    </li>
  );
}
