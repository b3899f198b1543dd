import { useTranslation } from "react-i18next";
import { SelectField, TextField } from "@/ui/Field";
import { Toggle } from "@/ui/Toggle";
import { words } from "@/ui/words";
import type { FormSchema } from "./types";

export type CredentialValues = Record<string, string>;

/** True when the field's conditions on other fields hold. */
export function isShown(
  { show_on: conditions }: Pick<FormSchema, "show_on">,
  values: CredentialValues,
): boolean {
  return (conditions ?? []).every(({ variable, value }) => values[variable] === value);
}

/** What the form starts with. */
export function defaultValues(schemas: readonly FormSchema[]): CredentialValues {
  return Object.fromEntries(
    schemas.flatMap(({ variable, default: value }) =>
      value == null ? [] : [[variable, String(value)]],
    ),
  );
}

/** Only what is shown and filled is sent. */
export function filledValues(
  schemas: readonly FormSchema[],
  values: CredentialValues,
): CredentialValues {
  const shown = schemas.filter((schema) => isShown(schema, values) && values[schema.variable]);
  return Object.fromEntries(shown.map(({ variable }) => [variable, values[variable] ?? ""]));
}

const ADDRESS = /url|address|_base$|endpoint$/;

/**
 * The field an error belongs to: the one the server names; else the key when the words are about
 * refusal, the address when they are about anything else that went wrong on the way.
 */
export function fieldAtFault(
  schemas: readonly FormSchema[],
  named: string | undefined,
  text = "",
): string | undefined {
  const known = schemas.find(({ variable }) => variable === named);
  const key = schemas.find(({ type }) => type === "secret-input");
  const address = schemas.find(({ variable }) => ADDRESS.test(variable));
  const refused = /\b(key|401|403|unauthori[sz]ed|forbidden)\b/i.test(text);
  const guess = refused ? (key ?? address) : (address ?? key);
  return (known ?? guess ?? schemas[0])?.variable;
}

interface CredentialFieldsProps {
  schemas: readonly FormSchema[];
  values: CredentialValues;
  onChange: (values: CredentialValues) => void;
  fault?: { variable: string | undefined; text: string } | undefined;
}

/** A form drawn from the provider's own description of its credentials. */
export function CredentialFields({ schemas, values, onChange, fault }: CredentialFieldsProps) {
  const { i18n } = useTranslation();
  const say = (value: FormSchema["label"] | null | undefined) => words(value, i18n.language);
  const set = (variable: string, value: string) => onChange({ ...values, [variable]: value });
  return schemas
    .filter((schema) => isShown(schema, values))
    .map((schema) => {
      const { variable, type, required } = schema;
      const value = values[variable] ?? "";
      const shared = {
        label: say(schema.label) || variable,
        help: say(schema.help ?? schema.tooltip) || undefined,
        error: fault?.variable === variable ? fault.text : undefined,
        required,
      };
      if (type === "select" || type === "radio") {
        const shown = (schema.options ?? []).filter((option) => isShown(option, values));
        const options = shown.map((option) => ({
          value: option.value,
          label: say(option.label) || option.value,
        }));
        return (
          <SelectField
            key={variable}
            {...shared}
            value={value}
            options={value ? options : [{ value: "", label: "" }, ...options]}
            onChange={(event) => set(variable, event.target.value)}
          />
        );
      }
      if (type === "switch")
        return (
          <Toggle
            key={variable}
            label={shared.label}
            checked={value === "true"}
            onChange={(checked) => set(variable, String(checked))}
          />
        );
      return (
        <TextField
          key={variable}
          {...shared}
          type={type === "secret-input" ? "password" : "text"}
          autoComplete="off"
          placeholder={say(schema.placeholder) || undefined}
          maxLength={schema.max_length || undefined}
          value={value}
          onChange={(event) => set(variable, event.target.value)}
        />
      );
    });
}
