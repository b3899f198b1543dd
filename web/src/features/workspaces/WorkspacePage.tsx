import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import {
  currentWorkspaceQuery,
  systemFeaturesQuery,
  workspacesQuery,
} from "@/features/account/queries";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { useSwitchWorkspace } from "./useSwitchWorkspace";

export function WorkspacePage() {
  const { t } = useTranslation("workspaces");
  const { manage } = useAbilities();
  const current = useQuery(currentWorkspaceQuery).data;
  const workspaces = useQuery(workspacesQuery);
  const features = useQuery(systemFeaturesQuery).data;
  const change = useSwitchWorkspace();
  return (
    <Page title={t("title")} text={t("text")}>
      {current && manage && <RenameForm key={current.id} name={current.name} />}
      <Section title={t("yours")}>
        {workspaces.error && <Notice tone="bad">{errorText(workspaces.error)}</Notice>}
        <ul className="flex flex-col gap-2">
          {workspaces.data?.map(({ id, name }) => (
            <li key={id} className="flex items-center gap-3">
              <span className="min-w-0 flex-1 truncate">{name}</span>
              {id === current?.id ? (
                <span className="text-xs text-muted">{t("current")}</span>
              ) : (
                <Button
                  small
                  busy={change.isPending && change.variables === id}
                  onClick={() => change.mutate(id)}
                >
                  {t("switch")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Section>
      {features?.is_allow_create_workspace && <CreateForm />}
    </Page>
  );
}

function RenameForm({ name }: { name: string }) {
  const { t } = useTranslation(["workspaces", "ui"]);
  const [value, setValue] = useState(name);
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: () => api.post("/workspaces/info", { name: value.trim() }),
    onSuccess: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: currentWorkspaceQuery.queryKey }),
        cache.invalidateQueries({ queryKey: workspacesQuery.queryKey }),
      ]),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Section title={t("workspaces:rename")}>
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          label={t("workspaces:name")}
          required
          value={value}
          error={save.error ? errorText(save.error) : undefined}
          onChange={(event) => setValue(event.target.value)}
          className="flex-1"
        />
        <Button
          type="submit"
          busy={save.isPending}
          disabled={!value.trim() || value.trim() === name}
        >
          {t("ui:save")}
        </Button>
      </form>
    </Section>
  );
}

function CreateForm() {
  const { t } = useTranslation("workspaces");
  const [name, setName] = useState("");
  const cache = useQueryClient();
  const create = useMutation({
    mutationFn: () => api.post("/workspaces", { name: name.trim() }),
    onSuccess: async () => {
      setName("");
      await cache.invalidateQueries({ queryKey: workspacesQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Section title={t("create")} text={t("createText")}>
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          label={t("name")}
          required
          value={name}
          error={create.error ? errorText(create.error) : undefined}
          onChange={(event) => setName(event.target.value)}
          className="flex-1"
        />
        <Button type="submit" busy={create.isPending} disabled={!name.trim()}>
          {t("createAction")}
        </Button>
      </form>
    </Section>
  );
}
