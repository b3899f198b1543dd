import { Plus, X } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { FormField } from "@/api/types";
import { Button } from "@/ui/Button";
import { SelectField, TextField } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { isVariableName } from "./promptConfig";

const types = ["text-input", "paragraph", "select", "number", "checkbox"] as const;

interface VariableEditorProps {
  fields: readonly FormField[];
  onChange: (fields: FormField[]) => void;
}

/** The form that people fill before they talk with the app. */
export function VariableEditor({ fields, onChange }: VariableEditorProps) {
  const { t } = useTranslation("build");
  const next = useRef(0);
  const change = (at: number, part: Partial<FormField>) =>
    onChange(fields.map((field, index) => (index === at ? { ...field, ...part } : field)));
  const add = () => {
    next.current = fields.length + 1;
    onChange([
      ...fields,
      {
        variable: `input_${next.current}`,
        label: "",
        type: "text-input",
        required: false,
        max_length: 48,
      },
    ]);
  };
  return (
    <div className="flex flex-col gap-3">
      {fields.map((field, at) => {
        const taken = fields.findIndex(({ variable }) => variable === field.variable) !== at;
        const bad = taken
          ? t("nameTaken")
          : isVariableName(field.variable)
            ? undefined
            : t("nameBad");
        return (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being edited
            key={at}
            className="flex flex-wrap items-start gap-2 border-b border-line pb-3 last:border-b-0"
          >
            <TextField
              label={t("variable")}
              value={field.variable}
              error={bad}
              onChange={(event) => change(at, { variable: event.target.value })}
              className="w-36"
            />
            <TextField
              label={t("label")}
              value={field.label}
              onChange={(event) => change(at, { label: event.target.value })}
              className="min-w-32 flex-1"
            />
            <SelectField
              label={t("fieldType")}
              value={field.type}
              options={[
                ...types,
                ...(types.some((type) => type === field.type) ? [] : [field.type]),
              ].map((type) => ({ value: type, label: t(`types.${type}`, type) }))}
              onChange={(event) => change(at, { type: event.target.value })}
              className="w-32"
            />
            {field.type === "select" ? (
              <TextField
                label={t("options")}
                help={t("optionsHelp")}
                value={(field.options ?? []).join(", ")}
                onChange={(event) =>
                  change(at, {
                    options: event.target.value.split(",").map((one) => one.trimStart()),
                  })
                }
                className="w-full"
              />
            ) : null}
            <label className="flex h-8 items-center gap-1.5 self-start text-xs text-muted sm:mt-[23px]">
              <input
                type="checkbox"
                checked={field.required ?? false}
                onChange={(event) => change(at, { required: event.target.checked })}
                className="accent-brass"
              />
              {t("required")}
            </label>
            <IconButton
              label={t("removeVariable", { name: field.variable })}
              icon={<X size={14} />}
              onClick={() => onChange(fields.filter((_, index) => index !== at))}
              className="sm:mt-[23px]"
            />
          </div>
        );
      })}
      <Button small icon={<Plus size={13} />} onClick={add} className="self-start">
        {t("addVariable")}
      </Button>
    </div>
  );
}
