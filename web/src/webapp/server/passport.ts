/** A visitor's pass for one app: fetched once, kept in this browser, renewed when it is refused. */
import { ApiError } from "@/api/error";

export interface PassportParts {
  code: string;
  userId: string | null;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  fetch: typeof fetch;
}

export class Passport {
  private token: string | null;
  private readonly key: string;

  constructor(private readonly parts: PassportParts) {
    // A site's own visitor has a pass of their own, or two people of one browser would share.
    this.key = parts.userId ? `passport-${parts.code}-${parts.userId}` : `passport-${parts.code}`;
    this.token = stored(parts.storage, this.key);
  }

  /** Headers for each call. */
  headers = (): Record<string, string> => ({
    "X-App-Code": this.parts.code,
    ...(this.token ? { "X-App-Passport": this.token } : {}),
  });

  /** Gets a pass when there is none. Throws the server's error when it gives none. */
  async ensure(): Promise<void> {
    if (!this.token) await this.issue();
  }

  /** Gives up the pass and gets another. Answers whether that worked. */
  renew = async (): Promise<boolean> => {
    this.token = null;
    try {
      await this.issue();
      return true;
    } catch {
      return false;
    }
  };

  private async issue(): Promise<void> {
    const { code, userId, storage } = this.parts;
    const query = userId ? `?user_id=${encodeURIComponent(userId)}` : "";
    const response = await this.parts.fetch(`/api/passport${query}`, {
      headers: { "X-App-Code": code },
      credentials: "include",
    });
    if (!response.ok) throw await ApiError.fromResponse(response);
    const body = (await response.json()) as { access_token: string };
    this.token = body.access_token;
    try {
      storage.setItem(this.key, body.access_token);
    } catch {
      // Private windows and embedded pages may have no storage; the pass then lives as long as the page.
    }
  }
}

function stored(storage: PassportParts["storage"], key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}
