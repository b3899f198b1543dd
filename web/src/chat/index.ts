/** Conversations with apps, for the console and the web app alike. */
export { ChatPanel, type ChatPanelProps } from "./ChatPanel";
export type {
  ChatClient,
  FileKind,
  FileRef,
  FileSizeLimits,
  FileUploadConfig,
  HistoryPage,
  MessageFile,
  Rating,
  SendOptions,
  StoredMessage,
  UploadedFile,
  UploadOptions,
} from "./client";
export { FileButtons } from "./files/FileButtons";
export { default as LinkEntry } from "./files/LinkEntry";
export { type UploadRules, uploadRules } from "./files/rules";
export { default as UploadTray } from "./files/UploadTray";
export { refsOf, type Uploads, useUploads } from "./files/useUploads";
export { bytes, duration } from "./format";
export { Markdown } from "./markdown/Markdown";
export { passages, spoken } from "./markdown/thinking";
export { applyToAnswer, endOfStream, failed } from "./model/answer";
export { failureOf } from "./model/failure";
export { messageFile, messageFiles } from "./model/files";
export {
  type Answer,
  blankAnswer,
  type Failure,
  isRunning,
  type Run,
  type Step,
} from "./model/message";
export { FileList } from "./parts/FileList";
export { Fold } from "./parts/Fold";
export { failureText } from "./parts/failureText";
export { Reasoning } from "./parts/Reasoning";
export { RunSteps } from "./parts/RunSteps";
export { useCopy } from "./parts/useCopy";
