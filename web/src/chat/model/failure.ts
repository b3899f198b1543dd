/** What went wrong, in the contract's words where it has them. */
import { ApiError } from "@/api/error";
import type { Failure } from "./message";

/** Any thrown value as a failure that can be shown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return { code: error.code, message: error.message };
  if (
    error instanceof TypeError ||
    (error instanceof DOMException && error.name === "NetworkError")
  ) {
    // What `fetch` and a broken body throw when the network goes away.
    return { code: "unreachable", message: error.message };
  }
  return { code: "unknown", message: error instanceof Error ? error.message : String(error) };
}
