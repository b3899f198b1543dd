import { Link, Paperclip } from "lucide-react";
import { type ChangeEvent, type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { acceptOf, type UploadRules } from "./rules";

interface FileButtonsProps {
  rules: UploadRules;
  onFiles: (files: File[]) => void;
  onLink: () => void;
  /** Words beside the icons, where there is room. */
  labelled?: boolean;
}

/** The ways to add a file that the rules allow. */
export function FileButtons({ rules, onFiles, onLink, labelled = false }: FileButtonsProps) {
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
          <Way
            label={t(rules.count > 1 ? "files.add" : "files.choose")}
            icon={<Paperclip size={16} aria-hidden="true" />}
            labelled={labelled}
            onClick={() => input.current?.click()}
          />
        </>
      )}
      {rules.methods.includes("remote_url") && (
        <Way
          label={t("files.link")}
          icon={<Link size={16} aria-hidden="true" />}
          labelled={labelled}
          onClick={onLink}
        />
      )}
    </>
  );
}

interface WayProps {
  label: string;
  icon: ReactNode;
  labelled: boolean;
  onClick: () => void;
}

function Way({ label, icon, labelled, onClick }: WayProps) {
  if (!labelled) return <IconButton label={label} icon={icon} onClick={onClick} />;
  return (
    <Button look="quiet" icon={icon} onClick={onClick}>
      {label}
    </Button>
  );
}
