/** Opens an app: pass, site, parameters, and all that is derived from them. */
import { ApiError } from "@/api/error";
import { failureOf } from "@/chat/model/failure";
import type { Failure } from "@/chat/model/message";
import { parseForm } from "../form/fields";
import { chatClient } from "../server/chatClient";
import { WebAppServer } from "../server/WebAppServer";
import type { OpenApp } from "./app";
import type { Place } from "./place";

/** The app at `place`. Throws the server's error when it can't be shown. */
export async function openApp(place: Place): Promise<OpenApp> {
  const server = new WebAppServer({
    code: place.code,
    userId: place.userId,
    storage: localStorage,
    fetch: (input, init) => fetch(input, init),
  });
  const [{ site }, parameters] = await server.open();
  const { file_upload, system_parameters } = parameters;
  return {
    place,
    server,
    client: chatClient(server, parameters),
    site,
    parameters,
    fields: parseForm(parameters.user_input_form),
    fileUpload: file_upload
      ? {
          ...file_upload,
          fileUploadConfig: { ...system_parameters, ...file_upload.fileUploadConfig },
        }
      : undefined,
  };
}

/** Why an app can't be shown, in a word that the page has a sentence for. */
export function openingFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (!(error instanceof ApiError)) return failure;
  if (error.code.startsWith("web_")) return { ...failure, code: "sign_in" };
  const gone = error.status === 404 || error.status === 403;
  return gone ? { ...failure, code: "gone" } : failure;
}
