/** Sends one file and tells how much of it has left. `fetch` can't tell that, hence the older interface. */
import { ApiError, UnreachableError } from "@/api/error";
import type { UploadedFile, UploadOptions } from "@/chat/client";

export function uploadFile(
  path: string,
  file: File,
  headers: Record<string, string>,
  { onProgress, signal }: UploadOptions = {},
): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.withCredentials = true;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const { status, statusText, responseText } = request;
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText) as UploadedFile);
      else
        void ApiError.fromResponse(new Response(responseText, { status, statusText })).then(reject);
    };
    request.onerror = () => reject(new UnreachableError("upload"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
