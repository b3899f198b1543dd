import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { AuthCard } from "@/features/auth/AuthCard";
import { isStrongEnough, signIn } from "@/features/auth/session";
import { languageOf, localeOf } from "@/i18n/start";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { setupQuery } from "./queries";

/** First run: makes the owner's account and signs it in. */
export function InstallPage() {
  const { t, i18n } = useTranslation("auth");
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [left, setLeft] = useState(false);
  const cache = useQueryClient();
  const navigate = useNavigate();

  const install = useMutation({
    mutationFn: async () => {
      const language = localeOf(languageOf(i18n.language));
      await api.post(
        "/setup",
        { email: email.trim(), name: name.trim(), password, language },
        { session: false },
      );
      cache.setQueryData(setupQuery.queryKey, "finished");
      // The account exists from here on: a failing sign-in must not look like a failing set-up.
      return signIn({ email, password }).then(
        (answer) => answer.result === "success",
        () => false,
      );
    },
    onSuccess: (signedIn) =>
      signedIn
        ? navigate({ to: "/install/model" })
        : navigate({ to: "/signin", search: { email, message: t("setUpFailedSignIn") } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(true);
    if (isStrongEnough(password)) install.mutate();
  };
  const weak = left && password !== "" && !isStrongEnough(password);

  return (
    <AuthCard title={t("setUpTitle")} text={t("setUpText")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {install.error && <Notice tone="bad">{errorText(install.error)}</Notice>}
        <TextField
          label={t("email")}
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label={t("name")}
          autoComplete="name"
          maxLength={30}
          required
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
        <Button type="submit" look="primary" busy={install.isPending}>
          {t("setUpAction")}
        </Button>
      </form>
    </AuthCard>
  );
}
