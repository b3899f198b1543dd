/** From what a person typed into a start form to the `inputs` of a run. */
import { isObject, type Json, type JsonObject } from "@/api/json";
import type { FormField } from "@/api/types";

export type FormValues = Record<string, Json>;

/** Reads a start node's variables; entries without a name are skipped. */
export function formFields(variables: readonly JsonObject[]): FormField[] {
  return variables.flatMap((raw) => {
    if (typeof raw.variable !== "string" || raw.hide === true) return [];
    const field = raw as unknown as FormField;
    return [{ ...field, label: field.label || field.variable }];
  });
}

/** Reads a `user_input_form`, whose items are wrapped by their type. */
export function wrappedFields(
  items: readonly Record<string, FormField>[] | null | undefined,
): FormField[] {
  return (items ?? []).flatMap((item) =>
    Object.entries(item).flatMap(([type, field]) =>
      isObject(field) ? formFields([{ ...(field as JsonObject), type }]) : [],
    ),
  );
}

export function startValues(fields: readonly FormField[]): FormValues {
  return Object.fromEntries(
    fields.map((field) => [
      field.variable,
      field.default ?? (field.type === "checkbox" ? false : ""),
    ]),
  );
}

export type FieldProblem = "required" | "json" | "number" | "long";

/** Problems by variable; an empty object means the form may be sent. */
export function formProblems(
  fields: readonly FormField[],
  values: FormValues,
): Record<string, FieldProblem> {
  const problems: Record<string, FieldProblem> = {};
  for (const { variable, type, required, max_length } of fields) {
    const value = values[variable];
    const empty =
      value === undefined ||
      value === null ||
      value === "" ||
      (Array.isArray(value) && value.length === 0);
    if (empty) {
      if (required && type !== "checkbox") problems[variable] = "required";
    } else if (type === "number" && !Number.isFinite(Number(value))) problems[variable] = "number";
    else if (type === "json_object" && typeof value === "string" && !parseObject(value))
      problems[variable] = "json";
    else if (
      typeof value === "string" &&
      max_length &&
      type !== "json_object" &&
      value.length > max_length
    )
      problems[variable] = "long";
  }
  return problems;
}

/** The `inputs` to send: numbers as numbers, objects as objects, empty optional fields left out. */
export function inputsOf(fields: readonly FormField[], values: FormValues): JsonObject {
  const inputs: JsonObject = {};
  for (const { variable, type } of fields) {
    const value = values[variable];
    if (value === undefined || value === "") continue;
    if (type === "number") inputs[variable] = Number(value);
    else if (type === "json_object" && typeof value === "string")
      inputs[variable] = parseObject(value) ?? value;
    else inputs[variable] = value;
  }
  return inputs;
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
