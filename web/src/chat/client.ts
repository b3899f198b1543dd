/**
 * What a chat needs from the outside world.
 *
 * The panel never fetches: the console hands it a client that speaks to the
 * draft routes, the web app one that speaks to `/api`.
 */
import type { StreamEvent } from "@/api/events";

export type FileKind = "image" | "document" | "audio" | "video" | "custom";
export type TransferMethod = "local_file" | "remote_url";
export type Rating = "like" | "dislike" | null;

/** A file as a request names it. Exactly one of `upload_file_id` and `url` is set. */
export interface FileRef {
  type: FileKind;
  transfer_method: TransferMethod;
  upload_file_id?: string;
  url?: string;
}

/** The answer of the upload route, as far as a chat needs it. Sizes in bytes. */
export interface UploadedFile {
  id: string;
  name: string;
  size: number;
  extension?: string | null;
  mime_type?: string | null;
  preview_url?: string | null;
  source_url?: string | null;
}

/** `file_upload` of the parameters route, with the size limits (MB) it may carry. */
export interface FileUploadConfig {
  enabled?: boolean;
  number_limits?: number;
  allowed_file_types?: string[];
  allowed_file_extensions?: string[];
  allowed_file_upload_methods?: string[];
  image?: { enabled?: boolean; number_limits?: number; transfer_methods?: string[] };
  fileUploadConfig?: Partial<FileSizeLimits>;
}

/** Megabytes, but for the last, which is a count. Names are the contract's. */
export interface FileSizeLimits {
  image_file_size_limit: number;
  video_file_size_limit: number;
  audio_file_size_limit: number;
  file_size_limit: number;
  workflow_file_upload_limit: number;
}

/** A file shown beside a message, sent or received. */
export interface MessageFile {
  id: string;
  filename: string;
  type: FileKind;
  url: string;
  mime_type?: string | null;
  size?: number | null;
  /** Set where the file can be sent again by its upload. */
  uploadId?: string;
  /** Set where `url` is the sender's own address and can be sent again. */
  remote?: boolean;
}

export interface SendOptions {
  inputs: Record<string, unknown>;
  files: FileRef[];
  /** Empty for a new conversation. */
  conversationId: string;
  /** The message this one follows; null starts a conversation's tree anew. */
  parentMessageId: string | null;
  signal: AbortSignal;
}

export interface UploadOptions {
  /** Called with 0..1 as bytes leave. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** One stored message, as the messages route tells it. */
export interface StoredMessage {
  id: string;
  parent_message_id?: string | null;
  query: string;
  answer: string;
  inputs?: Record<string, unknown> | null;
  message_files?: StoredFile[] | null;
  feedback?: { rating: Rating } | null;
  retriever_resources?: StoredCitation[] | null;
  agent_thoughts?: StoredThought[] | null;
  created_at?: number | null;
  status?: string | null;
  error?: string | null;
}

export interface StoredFile {
  id: string;
  filename?: string | null;
  type: string;
  url?: string | null;
  mime_type?: string | null;
  size?: number | null;
  belongs_to?: string | null;
  transfer_method?: string | null;
  upload_file_id?: string | null;
}

export interface StoredCitation {
  position?: number | null;
  segment_id?: string | null;
  document_name?: string | null;
  score?: number | null;
  content?: string | null;
}

export interface StoredThought {
  id: string;
  position?: number | null;
  thought?: string | null;
  tool?: string | null;
  tool_input?: string | null;
  observation?: string | null;
}

export interface HistoryPage {
  data: StoredMessage[];
  has_more: boolean;
}

export interface ChatClient {
  /** Runs one turn. Rejects with the server's error when nothing was started. */
  send(query: string, options: SendOptions): AsyncIterable<StreamEvent>;
  /** Asks the server to end a running turn; the stream then ends by itself. */
  stop(taskId: string): Promise<unknown>;
  upload(file: File, options?: UploadOptions): Promise<UploadedFile>;
  feedback(messageId: string, rating: Rating): Promise<unknown>;
  /** Follow-up questions; an empty list where the feature is off. */
  suggestedQuestions(messageId: string): Promise<string[]>;
  /** Older messages, oldest first within a page; left out where there is no history. */
  history?(conversationId: string, firstId: string | null): Promise<HistoryPage>;
}
