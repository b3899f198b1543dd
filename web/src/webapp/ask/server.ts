/** The routes of one form, for whoever holds its token. */
import { Client } from "@/api/client";
import { ApiError } from "@/api/error";
import type { UploadedFile, UploadOptions } from "@/chat/client";
import { uploadFile } from "../server/upload";
import type { AskedForm } from "./form";

/** Why a form takes no answer any more, or can't be shown. */
export type Closed = "submitted" | "expired" | "gone" | "busy" | "unreachable" | "failed";

export class FormServer {
  readonly #client: Client;
  readonly #path: string;
  #grant: { upload_token: string; expires_at: number } | undefined;

  constructor(token: string, fetch?: typeof globalThis.fetch) {
    this.#client = new Client({
      base: "/api",
      fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
    });
    this.#path = `/form/human_input/${token}`;
  }

  read = (): Promise<AskedForm> => this.#client.get<AskedForm>(this.#path);

  answer = (action: string, inputs: Record<string, unknown>): Promise<unknown> =>
    this.#client.post(this.#path, { action, inputs });

  upload = async (file: File, options?: UploadOptions): Promise<UploadedFile> => {
    const soon = Date.now() / 1000 + 60;
    if (!this.#grant || this.#grant.expires_at < soon)
      this.#grant = await this.#client.post(`${this.#path}/upload-token`, {});
    const headers = { Authorization: `Bearer ${this.#grant?.upload_token ?? ""}` };
    return uploadFile("/api/form/human_input/files/upload", file, headers, options);
  };
}

export function closedBy(error: unknown): Closed {
  if (!(error instanceof ApiError)) return "failed";
  if (error.code === "human_input_form_submitted") return "submitted";
  if (error.code === "human_input_form_expired") return "expired";
  if (error.code === "unreachable") return "unreachable";
  if (error.status === 429) return "busy";
  return error.status === 404 || error.status === 403 ? "gone" : "failed";
}
