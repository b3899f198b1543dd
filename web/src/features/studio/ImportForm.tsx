import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AppImport } from "@/api/types";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { TextArea, TextField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { confirmImport, type ImportSource, importApp } from "./importing";

interface ImportFormProps {
  file?: File | undefined;
  onCreated: (appId: string) => Promise<void>;
}

/** By file, by pasted text, or by address. */
export function ImportForm({ file, onCreated }: ImportFormProps) {
  const { t } = useTranslation("studio");
  const [text, setText] = useState("");
  const [url, setUrl] = useState("");
  const picker = useRef<HTMLInputElement>(null);
  const started = useRef<File>(undefined);

  const send = useMutation({
    mutationFn: (step: ImportSource | { confirm: string }) =>
      "confirm" in step ? confirmImport(step.confirm) : importApp(step),
    onSuccess: (answer) => {
      // With warnings the person reads them first and opens the app from here.
      if (answer.status === "completed" && answer.app_id) return onCreated(answer.app_id);
    },
  });
  const { mutate } = send;
  const take = async (given: File) => {
    const content = await given.text();
    setText(content);
    mutate({ text: content });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: one dropped file is imported once
  useEffect(() => {
    if (!file || started.current === file) return;
    started.current = file;
    void take(file);
  }, [file]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(url.trim() ? { url: url.trim() } : { text });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {send.error && <Notice tone="bad">{errorText(send.error)}</Notice>}
      {send.data && (
        <Outcome
          answer={send.data}
          onConfirm={(id) => mutate({ confirm: id })}
          onOpen={onCreated}
        />
      )}
      <div>
        <input
          ref={picker}
          type="file"
          accept=".yml,.yaml,.json"
          aria-label={t("chooseFile")}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const [picked] = event.target.files ?? [];
            if (picked) void take(picked);
            event.target.value = "";
          }}
        />
        <Button onClick={() => picker.current?.click()}>{t("chooseFile")}</Button>
        <span className="ml-2 text-xs text-muted">{t("orDrop")}</span>
      </div>
      <TextArea
        label={t("paste")}
        rows={6}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        style={{ fontFamily: "var(--font-mono)", fontSize: 12.5 }}
      />
      <TextField
        label={t("address")}
        type="url"
        help={t("addressHelp")}
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Button
        type="submit"
        look="primary"
        busy={send.isPending}
        disabled={!text.trim() && !url.trim()}
        className="self-end"
      >
        {t("importAction")}
      </Button>
    </form>
  );
}

interface OutcomeProps {
  answer: AppImport;
  onConfirm: (id: string) => void;
  onOpen: (appId: string) => Promise<void>;
}

function Outcome({ answer, onConfirm, onOpen }: OutcomeProps) {
  const { t } = useTranslation("studio");
  const versions = { file: answer.imported_dsl_version, ours: answer.current_dsl_version };
  const { app_id: appId } = answer;
  const faults = (answer.findings ?? []).filter(({ level }) => level === "error");
  if (answer.status === "pending")
    return (
      <Notice
        tone="warn"
        action={
          <Button small onClick={() => onConfirm(answer.id)}>
            {t("importAnyway")}
          </Button>
        }
      >
        {t("importPending", versions)}
      </Notice>
    );
  if (answer.status === "completed-with-warnings" && appId)
    return (
      <Notice
        tone="warn"
        action={
          <Button small onClick={() => void onOpen(appId)}>
            {t("openApp")}
          </Button>
        }
      >
        {faults[0]
          ? t("importFaults", { count: faults.length, first: faults[0].message })
          : t("importWarnings", versions)}
      </Notice>
    );
  if (answer.status === "failed")
    return <Notice tone="bad">{t("importFailed", { error: answer.error })}</Notice>;
  return null;
}
