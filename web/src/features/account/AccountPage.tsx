import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { Account } from "@/api/types";
import { isStrongEnough } from "@/features/auth/session";
import { type Theme, useTheme } from "@/theme/theme";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { SelectField, TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { profileQuery } from "./queries";

const themes: readonly Theme[] = ["system", "light", "dark"];

export function AccountPage() {
  const { t } = useTranslation("account");
  const { data: account } = useQuery(profileQuery);
  const [theme, setTheme] = useTheme();
  const change = (next: Theme) => {
    setTheme(next);
    // The account keeps only the two real themes; "system" is a wish of this browser.
    if (next !== "system")
      void api.post("/account/interface-theme", { interface_theme: next }).catch(() => undefined);
  };
  return (
    <Page title={t("title")} text={account?.email}>
      {account && <NameForm account={account} />}
      {account && <PasswordForm account={account} />}
      <Section title={t("look")}>
        <SelectField
          label={t("theme")}
          value={theme}
          options={themes.map((value) => ({ value, label: t(`themes.${value}`) }))}
          onChange={(event) => change(themes.find((one) => one === event.target.value) ?? "system")}
          className="max-w-60"
        />
      </Section>
    </Page>
  );
}

function NameForm({ account }: { account: Account }) {
  const { t } = useTranslation(["account", "ui"]);
  const [name, setName] = useState(account.name);
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: () => api.post<Account>("/account/name", { name: name.trim() }),
    onSuccess: () => cache.invalidateQueries({ queryKey: profileQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Section title={t("account:you")}>
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          label={t("account:name")}
          minLength={3}
          maxLength={30}
          required
          value={name}
          error={save.error ? errorText(save.error) : undefined}
          onChange={(event) => setName(event.target.value)}
          className="max-w-80 flex-1"
        />
        <Button type="submit" busy={save.isPending} disabled={name.trim() === account.name}>
          {t("ui:save")}
        </Button>
      </form>
    </Section>
  );
}

function PasswordForm({ account }: { account: Account }) {
  const { t } = useTranslation(["account", "auth"]);
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [left, setLeft] = useState(false);
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      api.post("/account/password", {
        password: account.is_password_set ? current : undefined,
        new_password: next,
        repeat_new_password: again,
      }),
    onSuccess: async () => {
      setCurrent("");
      setNext("");
      setAgain("");
      setLeft(false);
      await cache.invalidateQueries({ queryKey: profileQuery.queryKey });
    },
  });
  const weak = left && next !== "" && !isStrongEnough(next);
  const differ = left && again !== "" && again !== next;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(true);
    if (isStrongEnough(next) && next === again) save.mutate();
  };
  return (
    <Section
      title={account.is_password_set ? t("account:changePassword") : t("account:setPassword")}
    >
      <form onSubmit={submit} className="flex max-w-80 flex-col gap-3">
        {save.error && <Notice tone="bad">{errorText(save.error)}</Notice>}
        {save.isSuccess && next === "" && <Notice tone="ok">{t("auth:resetDone")}</Notice>}
        {account.is_password_set && (
          <TextField
            label={t("account:currentPassword")}
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        )}
        <TextField
          label={t("auth:newPassword")}
          type="password"
          autoComplete="new-password"
          required
          help={t("auth:passwordHelp")}
          error={weak ? t("auth:passwordWeak") : undefined}
          value={next}
          onBlur={() => setLeft(true)}
          onChange={(event) => setNext(event.target.value)}
        />
        <TextField
          label={t("auth:repeatPassword")}
          type="password"
          autoComplete="new-password"
          required
          error={differ ? t("auth:passwordsDiffer") : undefined}
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
        <Button type="submit" busy={save.isPending} className="self-start">
          {t("auth:resetSave")}
        </Button>
      </form>
    </Section>
  );
}
