import { describe, expect, it } from "vitest";
import { csrfToken, refreshSession } from "./session";

describe("csrfToken", () => {
  it("prefers the cookie that only https can set", () => {
    expect(csrfToken("csrf_token=plain; __Host-csrf_token=strict")).toBe("strict");
    expect(csrfToken("a=b; csrf_token=x=y")).toBe("x=y");
    expect(csrfToken("")).toBe("");
  });
});

/** Storage that tabs share, and a clock that moves when somebody waits. */
function world() {
  const items = new Map<string, string>();
  let time = 1_000_000;
  return {
    storage: {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    },
    now: () => time,
    pause: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

describe("refreshSession", () => {
  it("calls once and leaves no lock behind", async () => {
    const parts = world();
    const call = async () => new Response("{}");
    expect(await refreshSession({ ...parts, call })).toBe(true);
    expect(parts.storage.getItem("is_other_tab_refreshing")).toBeNull();
  });

  it("waits for the other tab instead of spending the token twice", async () => {
    const parts = world();
    parts.storage.setItem("is_other_tab_refreshing", String(parts.now()));
    let waits = 0;
    const pause = async (milliseconds: number) => {
      await parts.pause(milliseconds);
      if (++waits === 3) parts.storage.removeItem("is_other_tab_refreshing");
    };
    const call = async (): Promise<Response> => {
      throw new Error("not this tab's turn");
    };
    expect(await refreshSession({ ...parts, pause, call })).toBe(true);
    expect(waits).toBe(3);
  });

  it("does not wait for a tab that was closed in the middle", async () => {
    const parts = world();
    parts.storage.setItem("is_other_tab_refreshing", String(parts.now() - 60_000));
    const call = async () => new Response("{}", { status: 401 });
    expect(await refreshSession({ ...parts, call })).toBe(false);
  });
});
