import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { systemFeaturesQuery } from "@/features/account/queries";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { AuthCard } from "./AuthCard";
import { signIn } from "./session";

export function SignInPage() {
  const { t } = useTranslation("auth");
  const search = useSearch({ from: "/signin" });
  const [email, setEmail] = useState(search.email ?? "");
  const [password, setPassword] = useState("");
  const features = useQuery(systemFeaturesQuery);
  const cache = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();

  const login = useMutation({
    mutationFn: () => signIn({ email, password, inviteToken: search.invite_token }),
    onSuccess: async (answer) => {
      if (answer.result !== "success") return;
      cache.clear();
      // Only paths of this site: a link could carry any address.
      const target = search.redirect;
      if (target?.startsWith("/") && !target.startsWith("//")) router.history.push(target);
      else await navigate({ to: "/studio" });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  const problem = login.error
    ? errorText(login.error)
    : login.data && login.data.result !== "success"
      ? t("noWorkspace")
      : search.message;

  return (
    <AuthCard title={t("signIn")} text={search.invite_token ? t("invitedText") : undefined}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {problem && <Notice tone="bad">{problem}</Notice>}
        <TextField
          label={t("email")}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus={!email}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label={t("password")}
          type="password"
          name="password"
          autoComplete="current-password"
          required
          autoFocus={Boolean(email)}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" busy={login.isPending}>
          {t("signIn")}
        </Button>
        {features.data?.is_email_setup && (
          <Link to="/reset-password" className="text-center text-brass hover:underline">
            {t("forgot")}
          </Link>
        )}
      </form>
    </AuthCard>
  );
}
