import { describe, expect, it, vi } from "vitest";
import { Client, queryText } from "./client";
import { ApiError, UnreachableError } from "./error";

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

type Call = { url: string; method: string; headers: Record<string, string>; body: unknown };

/** A server that answers in turn and keeps what it was asked. */
function server(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    calls.push({
      url: String(input),
      method: init.method ?? "GET",
      headers: init.headers as Record<string, string>,
      body: init.body,
    });
    const answer = answers.shift();
    if (answer === undefined) throw new Error("one call too many");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { calls, fetch: fetch as typeof globalThis.fetch };
}

describe("Client", () => {
  it("sends the token it is given at the time of each call", async () => {
    let token = "one";
    const { calls, fetch } = server(json({}), json({}));
    const client = new Client({ base: "/api", headers: () => ({ "X-CSRF-Token": token }), fetch });
    await client.get("/a");
    token = "two";
    await client.post("/b", { x: 1 });
    expect(calls.map(({ headers }) => headers["X-CSRF-Token"])).toEqual(["one", "two"]);
    expect(calls[1]).toMatchObject({ url: "/api/b", method: "POST", body: '{"x":1}' });
  });

  it("refreshes an expired session once for all calls, and repeats each once", async () => {
    const expired = () => json({ code: "unauthorized", message: "Expired", status: 401 }, 401);
    const { calls, fetch } = server(expired(), expired(), json({ n: 1 }), json({ n: 2 }));
    const refresh = vi.fn(async () => true);
    const client = new Client({ base: "", refresh, fetch });
    await Promise.all([client.get("/a"), client.get("/b")]);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(calls.map(({ url }) => url).sort()).toEqual(["/a", "/a", "/b", "/b"]);
  });

  it("gives up after one repetition", async () => {
    const expired = () => json({ code: "unauthorized", message: "Expired", status: 401 }, 401);
    const { calls, fetch } = server(expired(), expired());
    const client = new Client({ base: "", refresh: async () => true, fetch });
    await expect(client.get("/a")).rejects.toMatchObject({ code: "unauthorized", status: 401 });
    expect(calls).toHaveLength(2);
  });

  it("does not refresh where that would not mend it", async () => {
    const refresh = vi.fn(async () => true);
    for (const code of ["not_setup", "not_init_validated", "authentication_failed"]) {
      const { fetch } = server(json({ code, message: "No", status: 401 }, 401));
      await expect(new Client({ base: "", refresh, fetch }).get("/a")).rejects.toMatchObject({
        code,
      });
    }
    const { fetch } = server(json({ code: "unauthorized", message: "No", status: 401 }, 401));
    await expect(
      new Client({ base: "", refresh, fetch }).post("/login", {}, { session: false }),
    ).rejects.toThrow("No");
    expect(refresh).not.toHaveBeenCalled();
  });

  it("makes every refusal an ApiError, whatever the body", async () => {
    const { fetch } = server(
      json({ code: "invalid_param", message: "Bad", status: 400, params: "name" }, 400),
      new Response("<html>", { status: 502, statusText: "Bad Gateway" }),
    );
    const client = new Client({ base: "", fetch });
    await expect(client.get("/a")).rejects.toMatchObject({
      code: "invalid_param",
      params: "name",
      status: 400,
    });
    await expect(client.get("/a")).rejects.toMatchObject({
      code: "unknown",
      status: 502,
      message: "Bad Gateway",
    });
  });

  it("tells a silent server from a refusing one", async () => {
    const { fetch } = server(new TypeError("Failed to fetch"));
    await expect(new Client({ base: "", fetch }).get("/a")).rejects.toBeInstanceOf(
      UnreachableError,
    );
  });

  it("reads 204 as success", async () => {
    const { fetch } = server(new Response(null, { status: 204 }));
    expect(await new Client({ base: "", fetch }).delete("/a")).toEqual({ result: "success" });
  });

  it("refuses a stream that is none", async () => {
    const { fetch } = server(
      json({ code: "app_unavailable", message: "Not published", status: 400 }),
    );
    await expect(new Client({ base: "", fetch }).stream("/run", {})).rejects.toBeInstanceOf(
      ApiError,
    );
  });
});

describe("queryText", () => {
  it("leaves out what has no value and repeats lists", () => {
    expect(queryText({ a: 1, b: ["x", "y"], c: null, d: undefined, e: "", f: false })).toBe(
      "?a=1&b=x&b=y&f=false",
    );
    expect(queryText({})).toBe("");
  });
});
