/** Files as events and stored messages carry them, brought to one shape. */
import type { FileKind, MessageFile } from "../client";

const kinds: readonly string[] = ["image", "document", "audio", "video", "custom"];

/** The files in `value` that can be shown; anything else in it is passed over. */
export function messageFiles(value: unknown): MessageFile[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => {
    const file = messageFile(each);
    return file ? [file] : [];
  });
}

/** One file, or null when `value` has no address to fetch it from. */
export function messageFile(value: unknown): MessageFile | null {
  if (typeof value !== "object" || value === null) return null;
  const raw = value as Record<string, unknown>;
  const url = text(raw.url) || text(raw.remote_url) || text(raw.preview_url);
  if (!url) return null;
  const upload = text(raw.upload_file_id);
  return {
    ...(upload ? { uploadId: upload } : {}),
    ...(raw.transfer_method === "remote_url" ? { remote: true } : {}),
    id: text(raw.id) || text(raw.related_id) || upload || url,
    filename: text(raw.filename) || text(raw.name) || lastSegment(url),
    type: fileKind(raw.type),
    url,
    mime_type: text(raw.mime_type) || null,
    size: typeof raw.size === "number" ? raw.size : null,
  };
}

/** The contract's kind, `document` for words it does not know. */
export function fileKind(value: unknown): FileKind {
  return typeof value === "string" && kinds.includes(value) ? (value as FileKind) : "document";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function lastSegment(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name) || url;
  } catch {
    return name || url;
  }
}
