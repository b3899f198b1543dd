import { beforeEach, describe, expect, it } from "vitest";
import { WebAppServer } from "./WebAppServer";

/** A server in memory with the contract's rules for passes. */
class SmallServer {
  valid = new Set<string>();
  issued = 0;
  seen: string[] = [];
  goneStatus = 401;

  fetch: typeof fetch = async (input, init) => {
    const path = String(input);
    const headers = new Headers(init?.headers);
    this.seen.push(path);
    if (headers.get("X-App-Code") !== "site") return this.refuse(401, "unauthorized");
    if (path.startsWith("/api/passport")) {
      this.issued += 1;
      const token = `pass-${this.issued}${path.includes("user_id=ada") ? "-ada" : ""}`;
      this.valid.add(token);
      return Response.json({ access_token: token });
    }
    if (!this.valid.has(headers.get("X-App-Passport") ?? ""))
      return this.refuse(this.goneStatus, "unauthorized");
    return Response.json(path === "/api/site" ? { app_id: "a", site: { title: "T" } } : {});
  };

  private refuse(status: number, code: string): Response {
    return Response.json({ code, message: code, status }, { status });
  }
}

describe("a visitor's pass", () => {
  let server: SmallServer;
  const open = (userId: string | null = null) =>
    new WebAppServer({ code: "site", userId, storage: localStorage, fetch: server.fetch }).open();
  beforeEach(() => {
    server = new SmallServer();
    localStorage.clear();
  });

  it("is fetched once and kept", async () => {
    const [{ site }] = await open();
    expect(site.title).toBe("T");
    await open();
    expect(server.issued).toBe(1);
    expect(localStorage.getItem("passport-site")).toBe("pass-1");
  });

  it.each([401, 404])("is renewed once when it is refused with %d", async (status) => {
    localStorage.setItem("passport-site", "stale");
    server.goneStatus = status;
    await open();
    expect(server.issued).toBe(1);
    expect(localStorage.getItem("passport-site")).toBe("pass-1");
  });

  it("is not asked for again and again when the new one is refused too", async () => {
    localStorage.setItem("passport-site", "stale");
    server.valid.add = () => server.valid;
    await expect(open()).rejects.toMatchObject({ status: 401 });
    expect(
      server.seen.filter((path) => path.startsWith("/api/passport")).length,
    ).toBeLessThanOrEqual(2);
  });

  it("belongs to the visitor that the embedding site names", async () => {
    await open("ada");
    await open();
    expect(localStorage.getItem("passport-site-ada")).toBe("pass-1-ada");
    expect(localStorage.getItem("passport-site")).toBe("pass-2");
  });
});
