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
export { LinkEntry } from "./files/LinkEntry";
export { type UploadRules, uploadRules } from "./files/rules";
export { UploadTray } from "./files/UploadTray";
export { refsOf, type Uploads, useUploads } from "./files/useUploads";
export { bytes, duration } from "./format";
export { Markdown } from "./markdown/Markdown";
export { failureOf } from "./model/failure";
export { messageFile, messageFiles } from "./model/files";
export type { Failure, Run, Step } from "./model/message";
export { applyToRun, interruptedRun, startedRun } from "./model/steps";
export { FileList } from "./parts/FileList";
export { failureText } from "./parts/failureText";
export { RunSteps } from "./parts/RunSteps";
export { useCopy } from "./parts/useCopy";
