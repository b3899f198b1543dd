/** A form that a run waits for: what the server says of it, and how it becomes fields and text. */
import type { InputField } from "../form/fields";
import type { Site } from "../server/shapes";

export interface AskedAction {
  id: string;
  title?: string;
  button_style?: string;
}

export interface AskedInput {
  type: string;
  output_variable_name: string;
  required?: boolean;
  default?: { type?: string; value?: unknown } | null;
  option_source?: { value?: unknown } | null;
  allowed_file_types?: string[];
  allowed_file_extensions?: string[];
  allowed_file_upload_methods?: string[];
  number_limits?: number;
}

export interface AskedForm {
  form_content: string;
  inputs: AskedInput[];
  resolved_default_values: Record<string, string>;
  user_actions: AskedAction[];
  /** Seconds since the epoch. */
  expiration_time: number | null;
  site: { site: Site };
}

/** A stretch of the form: Markdown, or a field that stands there. */
export type Part = { text: string } | { field: InputField };

const place = /\{\{#\$output\.([A-Za-z_]\w{0,29})#\}\}/g;

export function fieldsOf(form: AskedForm): InputField[] {
  return form.inputs.map((input) => fieldOf(input, form.resolved_default_values));
}

function fieldOf(input: AskedInput, resolved: Record<string, string>): InputField {
  const { output_variable_name: name, default: preset } = input;
  const constant = preset?.type === "constant" ? preset.value : null;
  const options = input.option_source?.value;
  const type = typeOf(input.type);
  const chosen = type === "select" || type === "file" || type === "file-list";
  return {
    name,
    label: name.replaceAll("_", " "),
    type,
    required: chosen || input.required === true,
    hidden: false,
    help: "",
    initial: resolved[name] ?? constant ?? null,
    maxLength: null,
    options: Array.isArray(options) ? options.map(String) : [],
    upload: {
      enabled: true,
      number_limits: type === "file" ? 1 : (input.number_limits ?? 5),
      allowed_file_types: input.allowed_file_types ?? [],
      allowed_file_extensions: input.allowed_file_extensions ?? [],
      allowed_file_upload_methods: input.allowed_file_upload_methods ?? [],
    },
  };
}

function typeOf(word: string): InputField["type"] {
  if (word === "paragraph" || word === "select" || word === "file" || word === "file-list")
    return word;
  return "text-input";
}

/** The form from top to bottom; fields that the text has no place for come last. */
export function partsOf(content: string, fields: readonly InputField[]): Part[] {
  const left = new Map(fields.map((field) => [field.name, field]));
  const parts: Part[] = [];
  let from = 0;
  const say = (text: string): void => {
    if (text.trim()) parts.push({ text });
  };
  for (const found of content.matchAll(place)) {
    const field = left.get(found[1] ?? "");
    if (!field) continue;
    say(content.slice(from, found.index));
    parts.push({ field });
    left.delete(field.name);
    from = found.index + found[0].length;
  }
  say(content.slice(from).replace(place, ""));
  return [...parts, ...[...left.values()].map((field) => ({ field }))];
}
