import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { ChatClient, FileSizeLimits } from "@/chat/client";
import { SelectField, TextArea, TextField } from "@/ui/Field";
import { FilesField } from "./FilesField";
import type { InputField } from "./fields";
import type { FormState } from "./useForm";

export interface FormFieldsProps {
  form: FormState;
  client: Pick<ChatClient, "upload">;
  limits?: Partial<FileSizeLimits> | undefined;
  disabled?: boolean;
}

/** The visible fields of a form, each with its own kind of control. */
export default function FormFields({ form, ...rest }: FormFieldsProps) {
  return form.fields
    .filter((field) => !field.hidden)
    .map((field) => <FormField key={field.name} field={field} form={form} {...rest} />);
}

/** One field, where a page places them itself. */
export function FormField({
  field,
  form,
  client,
  limits,
  disabled,
}: FormFieldsProps & { field: InputField }) {
  const error = useErrorText(field, form);
  const entry = form.draft[field.name] ?? "";
  const help = field.help || undefined;
  const shared = { label: field.label, help, error, required: field.required, disabled };
  const typed = {
    ...shared,
    value: typeof entry === "string" ? entry : "",
    onChange: (event: { target: { value: string } }) => form.set(field.name, event.target.value),
    onBlur: () => form.leave(field.name),
  };
  switch (field.type) {
    case "paragraph":
      return <TextArea {...typed} />;
    case "json_object":
      return (
        <TextArea
          {...typed}
          rows={4}
          spellCheck={false}
          style={{ fontFamily: "var(--font-mono)" }}
        />
      );
    case "number":
      return <TextField {...typed} inputMode="decimal" />;
    case "select":
      return (
        <SelectField
          {...typed}
          options={[{ value: "", label: "–" }, ...field.options.map(option)]}
        />
      );
    case "checkbox":
      return <Tick field={field} form={form} disabled={disabled} error={error} />;
    case "file":
    case "file-list":
      return <FilesField {...{ field, form, client, limits, disabled, error }} />;
    default:
      return <TextField {...typed} />;
  }
}

function option(value: string) {
  return { value, label: value };
}

interface TickProps {
  field: InputField;
  form: FormState;
  disabled: boolean | undefined;
  error: string | undefined;
}

/** The box stands before its words, so the words are not above it as with other fields. */
function Tick({ field, form, disabled, error }: TickProps) {
  const note = useId();
  const text = error ?? field.help;
  return (
    <div className="flex flex-col gap-1">
      <label className="flex w-fit items-center gap-2 font-medium">
        <input
          type="checkbox"
          checked={form.draft[field.name] === true}
          onChange={(event) => form.set(field.name, event.target.checked)}
          disabled={disabled}
          aria-describedby={text ? note : undefined}
          className="size-4 accent-[var(--ink)]"
        />
        {field.label}
      </label>
      {text && (
        <div id={note} className={`pl-6 text-xs ${error ? "text-bad" : "text-muted"}`}>
          {text}
        </div>
      )}
    </div>
  );
}

function useErrorText(field: InputField, form: FormState): string | undefined {
  const { t } = useTranslation("webapp");
  const error = form.errors[field.name];
  return error ? t(`form.errors.${error.key}`, { count: error.count ?? 0 }) : undefined;
}
