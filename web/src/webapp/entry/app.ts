/** What every page gets: where it is, whom it speaks to, what the app is like. */
import type { ChatClient, FileUploadConfig } from "@/chat/client";
import type { InputField } from "../form/fields";
import type { Parameters, Site } from "../server/shapes";
import type { WebAppServer } from "../server/WebAppServer";
import type { Place } from "./place";

export interface OpenApp {
  place: Place;
  server: WebAppServer;
  client: ChatClient;
  site: Site;
  parameters: Parameters;
  fields: readonly InputField[];
  /** What the composer takes, with the server's size limits. */
  fileUpload: FileUploadConfig | undefined;
}
