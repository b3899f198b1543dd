/**
 * Which files a conversation or a form field takes.
 *
 * The server checks again; this is for saying so before the upload.
 */
import type { FileKind, FileUploadConfig, TransferMethod } from "../client";

export interface UploadRules {
  kinds: readonly FileKind[];
  /** With kind `custom`: lower case, without the dot. */
  extensions: readonly string[];
  methods: readonly TransferMethod[];
  /** How many files at once. */
  count: number;
  /** Bytes. */
  sizes: Readonly<Record<FileKind, number>>;
}

/** Why a file is refused, with what the message needs. */
export type Refusal =
  | { reason: "kind"; name: string; accepted: string }
  | { reason: "size"; name: string; limit: number }
  | { reason: "empty"; name: string }
  | { reason: "count"; count: number };

const MB = 1024 * 1024;

const extensionsOf: Record<Exclude<FileKind, "custom">, readonly string[]> = {
  image: ["jpg", "jpeg", "png", "webp", "gif", "svg"],
  document: [
    "txt",
    "markdown",
    "mdx",
    "md",
    "pdf",
    "html",
    "htm",
    "xlsx",
    "xls",
    "vtt",
    "properties",
    "doc",
    "docx",
    "csv",
    "eml",
    "msg",
    "pptx",
    "ppt",
    "xml",
    "epub",
  ],
  audio: ["mp3", "m4a", "wav", "amr", "mpga"],
  video: ["mp4", "mov", "mpeg", "webm"],
};
const kindWords: readonly string[] = ["image", "document", "audio", "video", "custom"];

/** Rules of a configuration, null where it allows no files. Names and defaults are the contract's. */
export function uploadRules(config: FileUploadConfig | null | undefined): UploadRules | null {
  const settings = config ? current(config) : null;
  if (!settings?.enabled) return null;
  const kinds = (settings.allowed_file_types ?? []).filter((kind): kind is FileKind =>
    kindWords.includes(kind),
  );
  const limits = config?.fileUploadConfig ?? {};
  const file = (limits.file_size_limit ?? 15) * MB;
  return {
    kinds: kinds.length > 0 ? kinds : ["image", "document", "audio", "video"],
    extensions: (settings.allowed_file_extensions ?? []).map((each) =>
      each.replace(/^\./, "").toLowerCase(),
    ),
    methods: methodsOf(settings.allowed_file_upload_methods),
    count: Math.max(1, settings.number_limits ?? 3),
    sizes: {
      image: (limits.image_file_size_limit ?? 10) * MB,
      document: file,
      audio: (limits.audio_file_size_limit ?? 50) * MB,
      video: (limits.video_file_size_limit ?? 100) * MB,
      custom: file,
    },
  };
}

/** Kind of a file for these rules, null when they don't take it. */
export function kindFor(name: string, mime: string, rules: UploadRules): FileKind | null {
  const extension = extensionOf(name);
  for (const kind of rules.kinds) {
    if (kind === "custom" && rules.extensions.includes(extension)) return "custom";
    if (kind !== "custom" && extensionsOf[kind].includes(extension)) return kind;
  }
  // A pasted picture may come without a telling name.
  const family = mime.split("/", 1)[0];
  const known = rules.kinds.find((kind) => kind === family);
  return known && !extension ? known : null;
}

/** Why `file` can't be taken as `kind`, null when it can. */
export function refusal(
  file: Pick<File, "name" | "size">,
  kind: FileKind | null,
  rules: UploadRules,
): Refusal | null {
  if (kind === null)
    return { reason: "kind", name: file.name, accepted: acceptedExtensions(rules).join(", ") };
  if (file.size === 0) return { reason: "empty", name: file.name };
  if (file.size > rules.sizes[kind])
    return { reason: "size", name: file.name, limit: rules.sizes[kind] };
  return null;
}

/** Value of a file input's `accept`. */
export function acceptOf(rules: UploadRules): string {
  return acceptedExtensions(rules)
    .map((extension) => `.${extension}`)
    .join(",");
}

/** Kind of a linked file: by its extension where it has a known one, else the first the rules allow. */
export function kindOfLink(url: string, rules: UploadRules): FileKind {
  const path = url.split(/[?#]/, 1)[0] ?? "";
  return kindFor(path, "", rules) ?? rules.kinds[0] ?? "document";
}

function acceptedExtensions(rules: UploadRules): string[] {
  return rules.kinds.flatMap((kind) => (kind === "custom" ? rules.extensions : extensionsOf[kind]));
}

function extensionOf(name: string): string {
  const at = name.lastIndexOf(".");
  return at < 0 ? "" : name.slice(at + 1).toLowerCase();
}

function methodsOf(words: string[] | undefined): TransferMethod[] {
  const known = (words ?? []).filter(
    (word): word is TransferMethod => word === "local_file" || word === "remote_url",
  );
  return known.length > 0 ? known : ["local_file", "remote_url"];
}

/** Old configurations know pictures only. */
function current(config: FileUploadConfig): FileUploadConfig {
  if (config.enabled !== undefined || !config.image?.enabled) return config;
  return {
    ...config,
    enabled: true,
    number_limits: config.image.number_limits ?? 3,
    allowed_file_types: ["image"],
    ...(config.image.transfer_methods
      ? { allowed_file_upload_methods: config.image.transfer_methods }
      : {}),
  };
}
