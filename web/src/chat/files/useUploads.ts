import { useCallback, useEffect, useRef, useState } from "react";
import type { ChatClient, FileKind, FileRef, MessageFile } from "../client";
import { failureOf } from "../model/failure";
import type { Failure } from "../model/message";
import { kindFor, kindOfLink, type Refusal, refusal, type UploadRules } from "./rules";

/** A file that is on its way, or has arrived. Sizes in bytes, progress 0..1. */
export interface Upload {
  key: string;
  name: string;
  kind: FileKind;
  size: number | null;
  progress: number;
  state: "uploading" | "ready" | "failed";
  failure: Failure | null;
  uploadId: string | null;
  /** The address given for a linked file. */
  link: string | null;
  /** Something to show: an object URL, the stored file's address, or the link. */
  preview: string | null;
}

export interface Uploads {
  items: readonly Upload[];
  refusals: readonly Refusal[];
  busy: boolean;
  add: (files: Iterable<File>) => void;
  addLink: (url: string) => void;
  retry: (key: string) => void;
  remove: (key: string) => void;
  /** Forgets all; the uploads that are under way are broken off. */
  clear: () => void;
  forget: () => void;
}

type UploadClient = Pick<ChatClient, "upload">;
let counter = 0;

/** Files of one composer or one form field, uploaded as soon as they are chosen. */
export function useUploads(client: UploadClient, rules: UploadRules | null): Uploads {
  const [items, setItems] = useState<readonly Upload[]>([]);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const sources = useRef(new Map<string, { file: File; abort: AbortController }>());
  const change = useCallback((key: string, part: Partial<Upload>) => {
    setItems((all) => all.map((each) => (each.key === key ? { ...each, ...part } : each)));
  }, []);

  const start = useCallback(
    (key: string, file: File) => {
      const abort = new AbortController();
      sources.current.set(key, { file, abort });
      const onProgress = (progress: number): void => change(key, { progress });
      client.upload(file, { onProgress, signal: abort.signal }).then(
        (done) => change(key, { state: "ready", progress: 1, uploadId: done.id }),
        (error) =>
          abort.signal.aborted || change(key, { state: "failed", failure: failureOf(error) }),
      );
    },
    [client, change],
  );

  const add = (files: Iterable<File>): void => {
    if (!rules) return;
    const { taken, refused } = choose([...files], items.length, rules);
    setRefusals(refused);
    setItems((all) => [...all, ...taken.map(({ upload }) => upload)]);
    for (const { upload, file } of taken) start(upload.key, file);
  };

  const addLink = (url: string): void => {
    if (!rules) return;
    if (items.length >= rules.count) setRefusals([{ reason: "count", count: rules.count }]);
    else setItems((all) => [...all, linked(url, rules)]);
  };

  const retry = (key: string): void => {
    const source = sources.current.get(key);
    if (!source) return;
    change(key, { state: "uploading", progress: 0, failure: null });
    start(key, source.file);
  };

  const drop = useCallback((gone: readonly Upload[]) => {
    for (const { key, preview } of gone) {
      sources.current.get(key)?.abort.abort();
      sources.current.delete(key);
      if (preview?.startsWith("blob:")) URL.revokeObjectURL(preview);
    }
  }, []);

  const remove = (key: string): void => {
    drop(items.filter((each) => each.key === key));
    setItems((all) => all.filter((each) => each.key !== key));
    setRefusals([]);
  };

  const clear = (): void => {
    drop(items);
    setItems([]);
    setRefusals([]);
  };

  // After sending, the message shows the same previews: they must not be revoked.
  const forget = (): void => {
    sources.current.clear();
    setItems([]);
    setRefusals([]);
  };

  useEffect(() => {
    const map = sources.current;
    return () => {
      for (const { abort } of map.values()) abort.abort();
    };
  }, []);

  const busy = items.some((each) => each.state === "uploading");
  return { items, refusals, busy, add, addLink, retry, remove, clear, forget };
}

/** The files as a request names them; those that did not arrive are left out. */
export function refsOf(items: readonly Upload[]): FileRef[] {
  return items.flatMap(({ kind, uploadId, link }): FileRef[] => {
    if (link) return [{ type: kind, transfer_method: "remote_url", url: link }];
    return uploadId
      ? [{ type: kind, transfer_method: "local_file", upload_file_id: uploadId }]
      : [];
  });
}

/** The files as they are shown beside the message they were sent with. */
export function shownOf(items: readonly Upload[]): MessageFile[] {
  return items
    .filter((each) => each.state === "ready")
    .map((each) => ({
      id: each.key,
      filename: each.name,
      type: each.kind,
      url: each.preview ?? "",
      size: each.size,
      ...(each.uploadId ? { uploadId: each.uploadId } : {}),
      ...(each.link ? { remote: true } : {}),
    }));
}

function choose(files: File[], present: number, rules: UploadRules) {
  const taken: { upload: Upload; file: File }[] = [];
  const refused: Refusal[] = [];
  for (const file of files) {
    const kind = kindFor(file.name, file.type, rules);
    const reason = refusal(file, kind, rules);
    if (reason) refused.push(reason);
    else if (present + taken.length >= rules.count)
      refused.push({ reason: "count", count: rules.count });
    else if (kind) taken.push({ upload: local(file, kind), file });
  }
  return { taken, refused };
}

function local(file: File, kind: FileKind): Upload {
  counter += 1;
  const shown = kind === "image" || file.type.startsWith("image/");
  return {
    key: `upload-${counter}`,
    name: file.name,
    kind,
    size: file.size,
    progress: 0,
    state: "uploading",
    failure: null,
    uploadId: null,
    link: null,
    preview: shown ? URL.createObjectURL(file) : null,
  };
}

function linked(url: string, rules: UploadRules): Upload {
  counter += 1;
  const kind = kindOfLink(url, rules);
  const name = url.split(/[?#]/, 1)[0]?.split("/").pop() || url;
  return {
    key: `upload-${counter}`,
    name,
    kind,
    size: null,
    progress: 1,
    state: "ready",
    failure: null,
    uploadId: null,
    link: url,
    preview: kind === "image" ? url : null,
  };
}
