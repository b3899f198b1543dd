import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { languageOf, localeOf } from "@/i18n/start";
import { Button, buttonClass } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { AuthCard } from "./AuthCard";
import { isStrongEnough, signIn } from "./session";

interface Check {
  is_valid: boolean;
  data?: { workspace_name: string; workspace_id: string; email: string };
}

/** The page an invitation link opens: name and password, then straight into the workspace. */
export function ActivatePage() {
  const { t } = useTranslation("auth");
  const { email, token = "", workspace_id } = useSearch({ from: "/activate" });
  const check = useQuery({
    queryKey: ["activate", token],
    queryFn: () =>
      api.get<Check>("/activate/check", { query: { email, token, workspace_id }, session: false }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (check.isPending) return <Loading />;
  const invitation = check.data?.is_valid ? check.data.data : undefined;
  if (!invitation)
    return (
      <AuthCard title={t("activateTitle", { workspace: t("product") })}>
        <Notice tone="bad">{check.error ? errorText(check.error) : t("activateBad")}</Notice>
        <Link to="/signin" className={`${buttonClass()} mt-4 w-full`}>
          {t("toSignIn")}
        </Link>
      </AuthCard>
    );
  return (
    <AuthCard
      title={t("activateTitle", { workspace: invitation.workspace_name })}
      text={t("activateText", { email: invitation.email })}
    >
      <JoinForm email={invitation.email} workspaceId={invitation.workspace_id} token={token} />
    </AuthCard>
  );
}

function JoinForm({
  email,
  workspaceId,
  token,
}: {
  email: string;
  workspaceId: string;
  token: string;
}) {
  const { t, i18n } = useTranslation("auth");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [left, setLeft] = useState(false);
  const navigate = useNavigate();
  const join = useMutation({
    mutationFn: async () => {
      const body = {
        token,
        email,
        workspace_id: workspaceId,
        name: name.trim(),
        interface_language: localeOf(languageOf(i18n.language)),
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      };
      // In this order: the sign-in stores the password by the invitation, which activation uses up.
      await signIn({ email, password, inviteToken: token });
      await api.post("/activate", body, { session: false });
    },
    onSuccess: () => navigate({ to: "/studio" }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(true);
    if (isStrongEnough(password)) join.mutate();
  };
  const weak = left && password !== "" && !isStrongEnough(password);
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {join.error && <Notice tone="bad">{errorText(join.error)}</Notice>}
      <TextField
        label={t("name")}
        autoComplete="name"
        maxLength={30}
        required
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t("password")}
        type="password"
        autoComplete="new-password"
        required
        value={password}
        help={t("passwordHelp")}
        error={weak ? t("passwordWeak") : undefined}
        onBlur={() => setLeft(true)}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" look="primary" busy={join.isPending}>
        {t("activateAction")}
      </Button>
    </form>
  );
}
