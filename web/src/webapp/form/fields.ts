/** The form of an app: its fields, what is typed into them, and what is sent. */
import type { FileRef, FileUploadConfig } from "@/chat/client";

export type FieldType =
  | "text-input"
  | "paragraph"
  | "number"
  | "select"
  | "checkbox"
  | "json_object"
  | "file"
  | "file-list";

export interface InputField {
  name: string;
  label: string;
  type: FieldType;
  required: boolean;
  /** Not shown; takes its value from the address or its default. */
  hidden: boolean;
  help: string;
  initial: unknown;
  maxLength: number | null;
  options: readonly string[];
  upload: FileUploadConfig;
}

/** Text as typed, a tick, or files. */
export type Entry = string | boolean | readonly FileRef[];
export type Draft = Readonly<Record<string, Entry>>;

/** A key of the messages, with what it needs. */
export interface FieldError {
  key: "required" | "tooLong" | "number" | "json" | "option" | "tooMany";
  count?: number;
}
export type FieldErrors = Readonly<Record<string, FieldError>>;

const types: readonly string[] = [
  "text-input",
  "paragraph",
  "number",
  "select",
  "checkbox",
  "json_object",
  "file",
  "file-list",
];

/** Fields of `user_input_form`: each item is wrapped by its type. Values filled by tools have no field. */
export function parseForm(form: unknown): InputField[] {
  if (!Array.isArray(form)) return [];
  return form.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const [type, raw] = Object.entries(item)[0] ?? [];
    if (!type || type === "external_data_tool" || typeof raw !== "object" || raw === null)
      return [];
    return [field(type, raw as Record<string, unknown>)];
  });
}

function field(type: string, raw: Record<string, unknown>): InputField {
  const name = text(raw.variable);
  const count = typeof raw.max_length === "number" && raw.max_length > 0 ? raw.max_length : null;
  return {
    name,
    label: text(raw.label) || name,
    type: types.includes(type) ? (type as FieldType) : "text-input",
    required: raw.required === true,
    hidden: raw.hide === true,
    help: text(raw.description),
    initial: raw.default ?? null,
    maxLength: count,
    options: Array.isArray(raw.options) ? raw.options.map(String) : [],
    upload: {
      enabled: true,
      number_limits: type === "file" ? 1 : (count ?? 5),
      allowed_file_types: strings(raw.allowed_file_types),
      allowed_file_extensions: strings(raw.allowed_file_extensions),
      allowed_file_upload_methods: strings(raw.allowed_file_upload_methods),
    },
  };
}

/** What the fields hold at first: values of the address before defaults. */
export function firstDraft(fields: readonly InputField[], given: Record<string, string>): Draft {
  return Object.fromEntries(fields.map((each) => [each.name, firstEntry(each, given[each.name])]));
}

function firstEntry({ type, initial, options }: InputField, given: string | undefined): Entry {
  switch (type) {
    case "file":
    case "file-list":
      return [];
    case "checkbox":
      return ticked(given ?? initial);
    case "select": {
      const wanted = given ?? text(initial);
      return options.includes(wanted) ? wanted : "";
    }
    case "json_object":
      if (given !== undefined) return given;
      return typeof initial === "object" && initial !== null
        ? JSON.stringify(initial, null, 2)
        : text(initial);
    default:
      return given ?? (typeof initial === "number" ? String(initial) : text(initial));
  }
}

/** The inputs to send, or what is wrong with which field. Optional fields left empty are left out. */
export function toInputs(
  fields: readonly InputField[],
  draft: Draft,
): { inputs: Record<string, unknown>; errors: FieldErrors } {
  const inputs: Record<string, unknown> = {};
  const errors: Record<string, FieldError> = {};
  for (const each of fields) {
    const outcome = value(each, draft[each.name] ?? "");
    if (outcome.error) errors[each.name] = outcome.error;
    else if (outcome.value !== undefined) inputs[each.name] = outcome.value;
  }
  return { inputs, errors };
}

interface Outcome {
  value?: unknown;
  error?: FieldError;
}

function value(of: InputField, entry: Entry): Outcome {
  if (typeof entry === "boolean") return { value: entry };
  if (typeof entry !== "string") return files(of, entry);
  if (!entry.trim()) return empty(of, entry);
  if (of.type === "number") return number(entry);
  if (of.type === "json_object") return json(entry);
  if (of.type === "select" && !of.options.includes(entry)) return { error: { key: "option" } };
  if (of.maxLength !== null && Array.from(entry).length > of.maxLength) {
    return { error: { key: "tooLong", count: of.maxLength } };
  }
  return { value: entry };
}

function empty({ required, type }: InputField, entry: string): Outcome {
  if (required) return { error: { key: "required" } };
  // An emptied text is a wish, and must not become the default again.
  return type === "text-input" || type === "paragraph" ? { value: entry } : {};
}

function files({ type, required, upload }: InputField, refs: readonly FileRef[]): Outcome {
  if (refs.length === 0) return required ? { error: { key: "required" } } : {};
  if (type === "file") return { value: refs[0] };
  const most = upload.number_limits ?? refs.length;
  return refs.length > most ? { error: { key: "tooMany", count: most } } : { value: refs };
}

function number(entry: string): Outcome {
  const parsed = Number(entry);
  return Number.isFinite(parsed) ? { value: parsed } : { error: { key: "number" } };
}

function json(entry: string): Outcome {
  try {
    const parsed: unknown = JSON.parse(entry);
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isObject ? { value: parsed } : { error: { key: "json" } };
  } catch {
    return { error: { key: "json" } };
  }
}

function ticked(given: unknown): boolean {
  if (typeof given === "string")
    return ["true", "1", "yes", "on"].includes(given.trim().toLowerCase());
  return given === true || given === 1;
}

function text(given: unknown): string {
  return typeof given === "string" ? given : "";
}

function strings(given: unknown): string[] {
  return Array.isArray(given)
    ? given.filter((each): each is string => typeof each === "string")
    : [];
}
