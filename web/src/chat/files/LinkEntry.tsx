import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";

interface LinkEntryProps {
  onAdd: (url: string) => void;
  onClose: () => void;
}

/** One line for the address of a file that is somewhere else. */
export default function LinkEntry({ onAdd, onClose }: LinkEntryProps) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const [bad, setBad] = useState(false);
  const note = useId();
  const add = (): void => {
    const url = text.trim();
    if (!isAddress(url)) {
      setBad(true);
      return;
    }
    onAdd(url);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      // Forms around this field must not be sent by it.
      event.preventDefault();
      add();
    }
  };
  return (
    <div className="flex flex-col gap-1">
      <div className="flex gap-2">
        <input
          type="url"
          // biome-ignore lint/a11y/noAutofocus: it opens because the user asked to type here
          autoFocus
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setBad(false);
          }}
          onKeyDown={onKeyDown}
          aria-label={t("files.linkLabel")}
          placeholder={t("files.linkLabel")}
          aria-invalid={bad || undefined}
          aria-describedby={bad ? note : undefined}
          className="h-8 min-w-0 flex-1 rounded-control border border-line-strong/60 bg-surface px-2.5 aria-invalid:border-bad"
        />
        <Button onClick={add}>{t("files.linkAdd")}</Button>
      </div>
      {bad && (
        <p id={note} role="alert" className="text-xs text-bad">
          {t("files.linkBad")}
        </p>
      )}
    </div>
  );
}

function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}
