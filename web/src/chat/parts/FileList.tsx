import { FileText, Film, Music } from "lucide-react";
import type { MessageFile } from "../client";
import { bytes } from "../format";
import { safeImage, safeLink } from "../markdown/addresses";

/** Files of a message: pictures in place, sound and film playable, others as links. */
export function FileList({ files }: { files: readonly MessageFile[] }) {
  return (
    <ul className="flex max-w-full flex-wrap gap-2">
      {files.map((file) => (
        <li key={file.id} className="min-w-0">
          <FileView file={file} />
        </li>
      ))}
    </ul>
  );
}

function FileView({ file }: { file: MessageFile }) {
  // Previews of files just picked are addresses of this page; all others are checked.
  const picture = file.url.startsWith("blob:") ? file.url : safeImage(file.url);
  const link = safeLink(file.url);
  const mime = file.mime_type ?? "";
  if (file.url && picture && (file.type === "image" || mime.startsWith("image/"))) {
    return (
      <a href={link ?? undefined} target="_blank" rel="noopener noreferrer">
        <img
          src={picture}
          alt={file.filename}
          loading="lazy"
          className="h-40 max-w-full rounded-control border border-line bg-bg object-contain"
        />
      </a>
    );
  }
  if (link && (file.type === "audio" || mime.startsWith("audio/"))) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: files of users and models have no captions
      <audio controls preload="none" src={link} title={file.filename} className="h-10 max-w-full" />
    );
  }
  if (link && (file.type === "video" || mime.startsWith("video/"))) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: files of users and models have no captions
      <video
        controls
        preload="metadata"
        src={link}
        title={file.filename}
        className="max-h-72 max-w-full rounded-control"
      />
    );
  }
  return <FileCard file={file} link={link || null} />;
}

function FileCard({ file, link }: { file: MessageFile; link: string | null }) {
  const Icon = file.type === "audio" ? Music : file.type === "video" ? Film : FileText;
  const inside = (
    <>
      <Icon size={16} aria-hidden="true" className="shrink-0 text-muted" />
      <span className="truncate">{file.filename}</span>
      {typeof file.size === "number" && (
        <span className="whitespace-nowrap text-xs text-muted" title={`${file.size} B`}>
          {bytes(file.size)}
        </span>
      )}
    </>
  );
  const look =
    "flex h-9 max-w-72 items-center gap-2 rounded-control border border-line bg-surface px-3";
  if (!link) return <span className={look}>{inside}</span>;
  return (
    <a
      href={link}
      target="_blank"
      rel="noopener noreferrer"
      className={`${look} hover:border-line-strong`}
    >
      {inside}
    </a>
  );
}
