import { api } from "@/api/console";
import type { Result } from "@/api/types";

/** The contract wants the password in base64 of its UTF-8 bytes. It hides nothing; https does that. */
export function encodePassword(password: string): string {
  const bytes = new TextEncoder().encode(password);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export interface Credentials {
  email: string;
  password: string;
  inviteToken?: string | undefined;
}

export function signIn({
  email,
  password,
  inviteToken,
}: Credentials): Promise<Result & { data?: string }> {
  const body = {
    email: email.trim(),
    password: encodePassword(password),
    remember_me: true,
    invite_token: inviteToken,
  };
  return api.post("/login", body, { session: false });
}

export function signOut(): Promise<Result> {
  return api.post("/logout", undefined, { session: false });
}

/** The server's rule for new passwords. */
export function isStrongEnough(password: string): boolean {
  return /^(?=.*[a-zA-Z])(?=.*\d).{8,}$/.test(password);
}
