import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { languageOf, localeOf } from "@/i18n/start";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { AuthCard } from "./AuthCard";
import { isStrongEnough } from "./session";

type Stage =
  | { step: "email" }
  | { step: "code"; token: string }
  | { step: "password"; token: string };

/** Three steps: ask for a code, check it, choose a new password. */
export function ResetPasswordPage() {
  const { t, i18n } = useTranslation("auth");
  const [stage, setStage] = useState<Stage>({ step: "email" });
  const [email, setEmail] = useState("");
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState<string>();
  const navigate = useNavigate();

  const next = useMutation({
    mutationFn: async () => {
      if (stage.step === "email") {
        const body = { email: email.trim(), language: localeOf(languageOf(i18n.language)) };
        const { data } = await api.post<{ data: string }>("/forgot-password", body, {
          session: false,
        });
        setStage({ step: "code", token: data });
      } else if (stage.step === "code") {
        const body = { email: email.trim(), code: code.trim(), token: stage.token };
        const answer = await api.post<{ is_valid: boolean; token: string }>(
          "/forgot-password/validity",
          body,
          { session: false },
        );
        if (answer.is_valid) setStage({ step: "password", token: answer.token });
        else setProblem(t("resetCodeBad"));
      } else {
        const body = { token: stage.token, new_password: password, password_confirm: again };
        await api.post("/forgot-password/resets", body, { session: false });
        await navigate({ to: "/signin", search: { email: email.trim() } });
      }
    },
    onError: (error) => setProblem(errorText(error)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setProblem(undefined);
    if (stage.step === "password" && !isStrongEnough(password))
      return setProblem(t("passwordWeak"));
    if (stage.step === "password" && password !== again) return setProblem(t("passwordsDiffer"));
    next.mutate();
  };
  const labels = { email: t("resetSend"), code: t("resetCheck"), password: t("resetSave") };

  return (
    <AuthCard
      title={t("resetTitle")}
      text={stage.step === "code" ? t("resetCodeText", { email }) : t("resetText")}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {problem && <Notice tone="bad">{problem}</Notice>}
        {stage.step === "email" && (
          <TextField
            label={t("email")}
            type="email"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
        {stage.step === "code" && (
          <TextField
            label={t("resetCode")}
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            autoFocus
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
        {stage.step === "password" && (
          <>
            <TextField
              label={t("newPassword")}
              type="password"
              autoComplete="new-password"
              help={t("passwordHelp")}
              required
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <TextField
              label={t("repeatPassword")}
              type="password"
              autoComplete="new-password"
              required
              value={again}
              onChange={(event) => setAgain(event.target.value)}
            />
          </>
        )}
        <Button type="submit" look="primary" busy={next.isPending}>
          {labels[stage.step]}
        </Button>
      </form>
    </AuthCard>
  );
}
