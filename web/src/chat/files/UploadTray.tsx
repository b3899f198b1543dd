import { CircleAlert, FileText, RotateCcw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { bytes } from "../format";
import { failureText } from "../parts/failureText";
import type { Refusal } from "./rules";
import type { Upload, Uploads } from "./useUploads";

/** The files chosen so far, each with its progress, and why others were refused. */
export default function UploadTray({ uploads }: { uploads: Uploads }) {
  const { t } = useTranslation("chat");
  const { items, refusals } = uploads;
  if (items.length === 0 && refusals.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      {items.length > 0 && (
        <ul aria-label={t("files.list")} className="flex flex-wrap gap-2">
          {items.map((item) => (
            <UploadChip key={item.key} item={item} uploads={uploads} />
          ))}
        </ul>
      )}
      {refusals.length > 0 && (
        <ul role="alert" className="text-xs text-bad">
          {refusals.map((refusal, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: refusals come and go together
            <li key={index} className="break-words">
              <RefusalText refusal={refusal} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function RefusalText({ refusal }: { refusal: Refusal }) {
  const { t } = useTranslation("chat");
  switch (refusal.reason) {
    case "kind":
      return t("files.refused.kind", { name: refusal.name, accepted: refusal.accepted });
    case "size":
      return t("files.refused.size", { name: refusal.name, limit: bytes(refusal.limit) });
    case "empty":
      return t("files.refused.empty", { name: refusal.name });
    case "count":
      return t("files.refused.count", { count: refusal.count });
  }
}

function UploadChip({ item, uploads }: { item: Upload; uploads: Uploads }) {
  const { t } = useTranslation("chat");
  const failed = item.state === "failed";
  return (
    <li
      className={`relative flex h-11 max-w-64 items-center gap-2 overflow-hidden rounded-control border bg-bg pl-1.5 pr-1 ${failed ? "border-bad" : "border-line"}`}
    >
      <Thumbnail item={item} />
      <div className="min-w-0 flex-1 text-xs">
        <div className="truncate">{item.name}</div>
        <div className={`truncate ${failed ? "text-bad" : "text-muted"}`}>
          {failed && item.failure ? failureText(t, item.failure) : <Progress item={item} />}
        </div>
      </div>
      {failed && (
        <IconButton
          small
          label={t("files.retry", { name: item.name })}
          icon={<RotateCcw size={13} />}
          onClick={() => uploads.retry(item.key)}
        />
      )}
      <IconButton
        small
        label={t("files.remove", { name: item.name })}
        icon={<X size={13} />}
        onClick={() => uploads.remove(item.key)}
      />
      {item.state === "uploading" && (
        <span
          aria-hidden="true"
          className="absolute bottom-0 left-0 h-0.5 bg-brass transition-[width] duration-150"
          style={{ width: `${Math.max(4, item.progress * 100)}%` }}
        />
      )}
    </li>
  );
}

function Progress({ item }: { item: Upload }) {
  const { t } = useTranslation("chat");
  if (item.state === "uploading")
    return t("files.uploading", { percent: Math.floor(item.progress * 100) });
  return item.size === null ? item.link : bytes(item.size);
}

function Thumbnail({ item }: { item: Upload }) {
  if (item.state === "failed")
    return <CircleAlert size={16} aria-hidden="true" className="mx-2 shrink-0 text-bad" />;
  if (item.preview)
    return <img src={item.preview} alt="" className="size-8 shrink-0 rounded-[4px] object-cover" />;
  return <FileText size={16} aria-hidden="true" className="mx-2 shrink-0 text-muted" />;
}
