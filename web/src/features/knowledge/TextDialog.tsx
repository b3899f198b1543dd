import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextArea, TextField } from "@/ui/Field";

interface TextDialogProps {
  onText: (file: File) => void;
  onClose: () => void;
}

/** A text that is typed or pasted; it becomes a file like any other. */
export function TextDialog({ onText, onClose }: TextDialogProps) {
  const { t } = useTranslation("knowledge");
  const [name, setName] = useState("");
  const [content, setContent] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onText(new File([content], fileName(name), { type: "text/plain" }));
  };
  return (
    <Dialog open wide onClose={onClose} title={t("textTitle")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("name")}
          required
          autoFocus
          maxLength={190}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label={t("content")}
          required
          rows={10}
          value={content}
          onChange={(event) => setContent(event.target.value)}
        />
        <Button
          type="submit"
          look="primary"
          disabled={!name.trim() || !content.trim()}
          className="self-end"
        >
          {t("add")}
        </Button>
      </form>
    </Dialog>
  );
}

/** A name that files may have, read as plain text. */
export function fileName(name: string): string {
  return `${name.trim().replace(/[/\\:*?"<>|]/g, "-")}.txt`;
}
