import { useTranslation } from "react-i18next";
import { Fold } from "@/chat/parts/Fold";
import type { InputField } from "../form/fields";

interface KnownInputsProps {
  fields: readonly InputField[];
  inputs: Record<string, unknown>;
}

/** What was filled in before the first message, folded away. */
export function KnownInputs({ fields, inputs }: KnownInputsProps) {
  const { t } = useTranslation("webapp");
  const shown = fields.filter((field) => !field.hidden && has(inputs[field.name]));
  if (shown.length === 0) return null;
  return (
    <div className="pb-6">
      <Fold summary={t("chat.inputs")}>
        <dl className="flex flex-col gap-2 py-1">
          {shown.map(({ name, label }) => (
            <div key={name}>
              <dt className="text-xs text-muted">{label}</dt>
              <dd className="whitespace-pre-wrap break-words">{readable(inputs[name])}</dd>
            </div>
          ))}
        </dl>
      </Fold>
    </div>
  );
}

function has(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function readable(value: unknown): string {
  if (typeof value !== "object") return String(value);
  const files = (Array.isArray(value) ? value : [value]) as Record<string, unknown>[];
  const names = files
    .map((file) => file?.filename ?? file?.url)
    .filter((name) => typeof name === "string");
  return names.length === files.length ? names.join(", ") : JSON.stringify(value, null, 2);
}
