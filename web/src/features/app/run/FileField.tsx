import { useMutation } from "@tanstack/react-query";
import { Upload, X } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { isObject, type Json, type JsonObject } from "@/api/json";
import type { FormField } from "@/api/types";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { IconButton } from "@/ui/IconButton";

interface FileFieldProps {
  field: FormField;
  value: Json;
  onChange: (value: Json) => void;
  error: string | undefined;
}

interface Uploaded {
  id: string;
  name: string;
  extension: string;
}

const families: readonly [string, RegExp][] = [
  ["image", /^(jpe?g|png|gif|webp|svg)$/i],
  ["audio", /^(mp3|m4a|wav|amr|mpga)$/i],
  ["video", /^(mp4|mov|mpeg|webm)$/i],
];

/** Uploads files and keeps the mappings that a run's inputs want. */
export function FileField({ field, value, onChange, error }: FileFieldProps) {
  const { t } = useTranslation("run");
  const picker = useRef<HTMLInputElement>(null);
  const many = field.type === "file-list";
  const files = (many ? (Array.isArray(value) ? value : []) : [value]).filter(isObject);
  const upload = useMutation({
    mutationFn: (picked: File[]) =>
      Promise.all(picked.map((file) => api.upload<Uploaded>("/files/upload", file))),
    onSuccess: (uploaded) => {
      const added = uploaded.map((file): JsonObject => {
        const family = families.find(([, extensions]) => extensions.test(file.extension));
        return {
          type: field.allowed_file_types?.includes("custom")
            ? "custom"
            : (family?.[0] ?? "document"),
          transfer_method: "local_file",
          upload_file_id: file.id,
          name: file.name,
        };
      });
      onChange(many ? [...files, ...added] : (added[0] ?? ""));
    },
  });
  const problem = upload.error ? errorText(upload.error) : error;
  return (
    <div className="flex flex-col gap-1">
      <span className="font-medium">
        {field.label}
        {field.required && (
          <span aria-hidden="true" className="ml-0.5 text-bad">
            {"*"}
          </span>
        )}
      </span>
      <div className="flex flex-wrap items-center gap-2">
        <input
          ref={picker}
          type="file"
          multiple={many}
          tabIndex={-1}
          aria-label={field.label}
          accept={field.allowed_file_extensions?.join(",") || undefined}
          className="sr-only"
          onChange={(event) => {
            const picked = [...(event.target.files ?? [])];
            if (picked.length > 0) upload.mutate(picked);
            event.target.value = "";
          }}
        />
        <Button
          busy={upload.isPending}
          icon={<Upload size={14} />}
          onClick={() => picker.current?.click()}
        >
          {t("chooseFile")}
        </Button>
        {files.map((file) => (
          <span
            key={String(file.upload_file_id)}
            className="flex items-center gap-1 rounded-control border border-line pl-2"
          >
            {String(file.name ?? file.upload_file_id)}
            <IconButton
              small
              label={t("removeFile", { name: String(file.name ?? "") })}
              icon={<X size={12} />}
              onClick={() => onChange(many ? files.filter((one) => one !== file) : "")}
            />
          </span>
        ))}
      </div>
      {problem && (
        <div role="alert" className="text-xs text-bad">
          {problem}
        </div>
      )}
    </div>
  );
}
