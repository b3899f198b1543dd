/** What of a run is shown as its result. */
import { spoken } from "@/chat/markdown/thinking";
import { messageFile } from "@/chat/model/files";
import type { Answer } from "@/chat/model/message";

export interface Output {
  /** Null for the only one: its name would tell nothing. */
  name: string | null;
  value: unknown;
}

/** The run's outputs once they are known, until then the text so far. Files are shown apart. */
export function outputsOf(answer: Answer): Output[] {
  const all = Object.entries(answer.run?.outputs ?? {}).filter(([, value]) => shown(value));
  if (all.length === 0) return answer.text ? [{ name: null, value: answer.text }] : [];
  if (all.length === 1) return [{ name: null, value: all[0]?.[1] }];
  return all.map(([name, value]) => ({ name, value }));
}

/** The result as one text: Markdown as it is, data as JSON, several under their names. */
export function copyableText(outputs: readonly Output[]): string {
  return outputs
    .map(({ name, value }) => {
      const text = typeof value === "string" ? spoken(value) : JSON.stringify(value, null, 2);
      return name === null ? text : `${name}:\n${text}`;
    })
    .join("\n\n");
}

function shown(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  if (Array.isArray(value) && value.length > 0) return !value.every(isFile);
  return !isFile(value);
}

/** Files carry a mark of their own; a record that only has an address is data. */
function isFile(value: unknown): boolean {
  if (messageFile(value) === null) return false;
  const record = value as Record<string, unknown>;
  return (
    record.dify_model_identity === "__dify__file__" || typeof record.transfer_method === "string"
  );
}
