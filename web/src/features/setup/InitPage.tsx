import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { AuthCard } from "@/features/auth/AuthCard";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { initQuery } from "./queries";

/** Only where the server has an INIT_PASSWORD: whoever sets it up must know that word. */
export function InitPage() {
  const { t } = useTranslation("auth");
  const [password, setPassword] = useState("");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const confirm = useMutation({
    mutationFn: () => api.post("/init", { password }, { session: false }),
    onSuccess: async () => {
      cache.setQueryData(initQuery.queryKey, "finished");
      await navigate({ to: "/install" });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <AuthCard title={t("initTitle")} text={t("initText")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("initField")}
          type="password"
          autoComplete="off"
          maxLength={30}
          required
          autoFocus
          value={password}
          error={confirm.error ? errorText(confirm.error) : undefined}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" busy={confirm.isPending}>
          {t("initAction")}
        </Button>
      </form>
    </AuthCard>
  );
}
