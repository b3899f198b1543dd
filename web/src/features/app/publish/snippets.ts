/** Ready-to-paste calls of one app, with its own variables. */
import type { JsonObject } from "@/api/json";
import type { AppMode, FormField } from "@/api/types";

export type SnippetLanguage = "curl" | "python" | "javascript";

interface SnippetParts {
  mode: AppMode;
  fields: readonly FormField[];
  base: string;
  key: string;
}

export function snippet(language: SnippetLanguage, parts: SnippetParts): string {
  if (language === "python") return python(parts);
  return language === "curl" ? curl(parts) : javascript(parts);
}

/** Path of the call that runs an app of this kind. */
export function runPath(mode: AppMode): string {
  if (mode === "workflow") return "/workflows/run";
  return mode === "completion" ? "/completion-messages" : "/chat-messages";
}

/** A request body with a believable value for each variable. */
export function sampleBody(mode: AppMode, fields: readonly FormField[]): JsonObject {
  const inputs: JsonObject = Object.fromEntries(
    fields.map((field) => [field.variable, sampleValue(field)]),
  );
  const body: JsonObject = { inputs, response_mode: "streaming", user: "abc-123" };
  return mode === "workflow" || mode === "completion"
    ? body
    : { ...body, query: "Hello", conversation_id: "" };
}

function sampleValue(field: FormField): JsonObject[string] {
  if (field.default !== undefined && field.default !== null && field.default !== "")
    return field.default;
  const file = {
    type: field.allowed_file_types?.[0] ?? "document",
    transfer_method: "remote_url",
    url: "https://example.org/file.pdf",
  };
  switch (field.type) {
    case "number":
      return 1;
    case "checkbox":
      return true;
    case "select":
      return field.options?.[0] ?? "";
    case "json_object":
      return {};
    case "file":
      return file;
    case "file-list":
      return [file];
    default:
      return `<${field.label || field.variable}>`;
  }
}

function curl({ mode, fields, base, key }: SnippetParts): string {
  // A single quote inside a single-quoted shell word.
  const body = JSON.stringify(sampleBody(mode, fields), null, 2).replaceAll("'", "'\\''");
  return `curl -N -X POST '${base}${runPath(mode)}' \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '${body}'`;
}

function python({ mode, fields, base, key }: SnippetParts): string {
  const { inputs } = sampleBody(mode, fields);
  const given = pythonValue(inputs ?? {});
  const calls = {
    workflow: {
      client: "WorkflowClient",
      call: `client.run(inputs=${given}, response_mode="streaming", user="abc-123")`,
    },
    completion: {
      client: "CompletionClient",
      call: `client.create_completion_message(inputs=${given}, response_mode="streaming", user="abc-123")`,
    },
    chat: {
      client: "ChatClient",
      call: `client.create_chat_message(inputs=${given}, query="Hello", user="abc-123", response_mode="streaming")`,
    },
  };
  const { client, call } = mode === "workflow" || mode === "completion" ? calls[mode] : calls.chat;
  return `# pip install dify-client
from dify_client import ${client}

client = ${client}("${key}")
client.base_url = "${base}"
response = ${call}
response.raise_for_status()
for line in response.iter_lines():
    if line:
        print(line.decode())`;
}

/** A Python literal for JSON data. */
export function pythonValue(value: JsonObject[string]): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}: ${pythonValue(one)}`)
    .join(", ")}}`;
}

function javascript({ mode, fields, base, key }: SnippetParts): string {
  const body = JSON.stringify(sampleBody(mode, fields), null, 2).split("\n").join("\n  ");
  return `const response = await fetch("${base}${runPath(mode)}", {
  method: "POST",
  headers: { Authorization: "Bearer ${key}", "Content-Type": "application/json" },
  body: JSON.stringify(${body}),
});
if (!response.ok) throw new Error(await response.text());
for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
  process.stdout.write(chunk);
}`;
}
