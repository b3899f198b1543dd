/** The client of `/console/api`, shared by all console pages. */
import { Client } from "./client";
import { csrfToken, refreshSession } from "./session";

const base = "/console/api";

export const api = new Client({
  base,
  headers: () => ({ "X-CSRF-Token": csrfToken(document.cookie) }),
  refresh: () =>
    refreshSession({
      call: () => fetch(`${base}/refresh-token`, { method: "POST", credentials: "include" }),
      storage: localStorage,
      now: Date.now,
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    }),
});
