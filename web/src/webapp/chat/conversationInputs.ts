/** Inputs of a stored conversation, made fit to be sent again: each turn is checked with its own. */
import type { FileRef } from "@/chat/client";
import { fileKind } from "@/chat/model/files";

export function sentAgain(inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, again(value)]));
}

function again(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(again);
  return fileRef(value) ?? value;
}

/** A stored file tells more about itself than a request may say. */
function fileRef(value: unknown): FileRef | null {
  if (typeof value !== "object" || value === null) return null;
  const { transfer_method, type, upload_file_id, related_id, remote_url, url } = value as Record<
    string,
    unknown
  >;
  if (transfer_method === "local_file") {
    const id = upload_file_id ?? related_id;
    return typeof id === "string"
      ? { type: fileKind(type), transfer_method, upload_file_id: id }
      : null;
  }
  if (transfer_method === "remote_url") {
    const address = remote_url ?? url;
    return typeof address === "string"
      ? { type: fileKind(type), transfer_method, url: address }
      : null;
  }
  return null;
}
