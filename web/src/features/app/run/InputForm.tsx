import { useTranslation } from "react-i18next";
import type { FormField } from "@/api/types";
import { SelectField, TextArea, TextField } from "@/ui/Field";
import { FileField } from "./FileField";
import type { FieldProblem, FormValues } from "./formValues";

interface InputFormProps {
  fields: readonly FormField[];
  values: FormValues;
  onChange: (values: FormValues) => void;
  problems: Record<string, FieldProblem>;
  /** Side by side, for the run bar. */
  inline?: boolean;
}

/** The start node's form. */
export function InputForm({ fields, values, onChange, problems, inline }: InputFormProps) {
  const { t } = useTranslation("run");
  return (
    <div
      className={
        inline
          ? "grid grid-cols-[repeat(auto-fill,minmax(min(220px,100%),1fr))] gap-3"
          : "flex flex-col gap-3"
      }
    >
      {fields.map((field) => {
        const { variable, type, label, required, max_length } = field;
        const value = values[variable] ?? "";
        const set = (next: FormValues[string]) => onChange({ ...values, [variable]: next });
        const problem = problems[variable];
        const shared = {
          label,
          required,
          help: field.description || undefined,
          error: problem && t(`problems.${problem}`, { count: max_length ?? 0 }),
        };
        const text = typeof value === "object" ? JSON.stringify(value) : String(value);
        if (type === "checkbox")
          return (
            <label
              key={variable}
              className={`flex items-center gap-2 ${inline ? "self-end pb-1.5" : ""}`}
            >
              <input
                type="checkbox"
                checked={value === true}
                onChange={(event) => set(event.target.checked)}
                className="size-4 accent-brass"
              />
              {label}
            </label>
          );
        if (type === "select")
          return (
            <SelectField
              key={variable}
              {...shared}
              value={text}
              options={[
                ...(text ? [] : [{ value: "", label: "" }]),
                ...(field.options ?? []).map((one) => ({ value: one, label: one })),
              ]}
              onChange={(event) => set(event.target.value)}
            />
          );
        if (type === "file" || type === "file-list")
          return (
            <FileField
              key={variable}
              field={field}
              value={value}
              onChange={set}
              error={shared.error}
            />
          );
        if (type === "paragraph" || type === "json_object")
          return (
            <TextArea
              key={variable}
              {...shared}
              rows={inline ? 2 : 4}
              placeholder={type === "json_object" ? "{ }" : field.placeholder}
              value={text}
              onChange={(event) => set(event.target.value)}
            />
          );
        return (
          <TextField
            key={variable}
            {...shared}
            inputMode={type === "number" ? "decimal" : undefined}
            placeholder={field.placeholder}
            value={text}
            onChange={(event) => set(event.target.value)}
          />
        );
      })}
    </div>
  );
}
