import { useEffect, useMemo, useState } from "react";
import type { ChatClient, FileSizeLimits } from "@/chat/client";
import { FileButtons } from "@/chat/files/FileButtons";
import LinkEntry from "@/chat/files/LinkEntry";
import { uploadRules } from "@/chat/files/rules";
import UploadTray from "@/chat/files/UploadTray";
import { refsOf, useUploads } from "@/chat/files/useUploads";
import { Field } from "@/ui/Field";
import type { InputField } from "./fields";
import type { FormState } from "./useForm";

interface FilesFieldProps {
  field: InputField;
  form: FormState;
  client: Pick<ChatClient, "upload">;
  limits?: Partial<FileSizeLimits> | undefined;
  disabled?: boolean | undefined;
  error?: string | undefined;
}

/** Files as a value of a form: chosen, dropped, pasted or linked. */
export function FilesField({ field, form, client, limits, disabled, error }: FilesFieldProps) {
  const rules = useMemo(
    () => uploadRules({ ...field.upload, fileUploadConfig: limits ?? {} }),
    [field, limits],
  );
  const uploads = useUploads(client, rules);
  const [linking, setLinking] = useState(false);
  const { items, busy } = uploads;
  const { set, setBusy } = form;
  useEffect(() => set(field.name, refsOf(items)), [items, set, field.name]);
  useEffect(() => setBusy(field.name, busy), [busy, setBusy, field.name]);
  if (!rules) return null;
  return (
    <Field
      label={field.label}
      help={field.help || undefined}
      error={error}
      required={field.required}
    >
      {(ids) => (
        <fieldset
          {...ids}
          aria-label={field.label}
          disabled={disabled}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            if (!disabled) uploads.add(event.dataTransfer.files);
          }}
          onPaste={(event) => uploads.add(event.clipboardData.files)}
          className={`flex min-w-0 flex-col gap-2 rounded-control border border-dashed bg-surface p-1.5 ${error ? "border-bad" : "border-line-strong/60"}`}
        >
          <UploadTray uploads={uploads} />
          {linking && <LinkEntry onAdd={uploads.addLink} onClose={() => setLinking(false)} />}
          {items.length < rules.count && (
            <div className="flex">
              <FileButtons
                rules={rules}
                onFiles={uploads.add}
                onLink={() => setLinking(true)}
                labelled
              />
            </div>
          )}
        </fieldset>
      )}
    </Field>
  );
}
