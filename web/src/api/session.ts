/** The console's session: where the CSRF token is, and how an expired session is renewed. */

/** Another tab's refresh is trusted this long, in milliseconds, before we do our own. */
const LOCK_LIFE = 10_000;
const LOCK_KEY = "is_other_tab_refreshing";

/** Value of the CSRF cookie. Over https without a cookie domain its name has the `__Host-` prefix. */
export function csrfToken(cookies: string): string {
  const values = new Map<string, string>();
  for (const part of cookies.split(";")) {
    const at = part.indexOf("=");
    if (at > 0) values.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return values.get("__Host-csrf_token") ?? values.get("csrf_token") ?? "";
}

export interface RefreshParts {
  call: () => Promise<Response>;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  now: () => number;
  pause: (milliseconds: number) => Promise<void>;
}

/**
 * Renews the session, one tab at a time: the refresh token is used up by the first call, so a second
 * tab waits for the first one's cookies instead of spending a token that is already gone.
 */
export async function refreshSession({
  call,
  storage,
  now,
  pause,
}: RefreshParts): Promise<boolean> {
  const held = (): boolean => now() - Number(storage.getItem(LOCK_KEY) ?? 0) < LOCK_LIFE;
  if (held()) {
    while (held()) await pause(150);
    return true;
  }
  storage.setItem(LOCK_KEY, String(now()));
  try {
    return (await call()).ok;
  } catch {
    return false;
  } finally {
    storage.removeItem(LOCK_KEY);
  }
}
