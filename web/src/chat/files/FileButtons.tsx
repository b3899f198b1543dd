import { Link, Paperclip } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { acceptOf, type UploadRules } from "./rules";

interface FileButtonsProps {
  rules: UploadRules;
  onFiles: (files: File[]) => void;
  onLink: () => void;
}

/** The ways to add a file that the rules allow. */
export function FileButtons({ rules, onFiles, onLink }: FileButtonsProps) {
  const { t } = useTranslation("chat");
  const input = useRef<HTMLInputElement>(null);
  const picked = (event: ChangeEvent<HTMLInputElement>): void => {
    onFiles([...(event.target.files ?? [])]);
    // The same file may be chosen again after it was removed.
    event.target.value = "";
  };
  return (
    <>
      {rules.methods.includes("local_file") && (
        <>
          <input
            ref={input}
            type="file"
            hidden
            multiple={rules.count > 1}
            accept={acceptOf(rules)}
            onChange={picked}
            data-file-input
          />
          <IconButton
            label={t("files.add")}
            icon={<Paperclip size={16} />}
            onClick={() => input.current?.click()}
          />
        </>
      )}
      {rules.methods.includes("remote_url") && (
        <IconButton label={t("files.link")} icon={<Link size={16} />} onClick={onLink} />
      )}
    </>
  );
}
