import { describe, expect, it } from "vitest";
import type { FormField } from "@/api/types";
import { pythonValue, runPath, sampleBody, snippet } from "./snippets";
import { webAppUrl } from "./webAppUrl";

const fields: FormField[] = [
  { variable: "text", label: "It's a text", type: "paragraph", required: true },
  { variable: "n", label: "n", type: "number" },
  { variable: "yes", label: "yes", type: "checkbox" },
];
const parts = { fields, base: "https://host/v1", key: "app-1" };

describe("snippets", () => {
  it("call what runs this kind of app", () => {
    expect(runPath("workflow")).toBe("/workflows/run");
    expect(runPath("completion")).toBe("/completion-messages");
    expect(runPath("agent-chat")).toBe("/chat-messages");
    expect(sampleBody("workflow", fields)).not.toHaveProperty("query");
    expect(sampleBody("chat", fields)).toMatchObject({
      query: "Hello",
      inputs: { n: 1, yes: true },
    });
  });

  it("stay one shell word in spite of quotes", () => {
    const text = snippet("curl", { ...parts, mode: "workflow" });
    const body = /-d '([\s\S]*)'$/.exec(text)?.[1]?.replaceAll("'\\''", "'") ?? "";
    expect(JSON.parse(body)).toEqual(sampleBody("workflow", fields));
  });

  it("write Python's own literals", () => {
    expect(pythonValue({ a: [true, null, 1, "x"] })).toBe('{"a": [True, None, 1, "x"]}');
    const text = snippet("python", { ...parts, mode: "advanced-chat" });
    expect(text).toContain("from dify_client import ChatClient");
    expect(text).toContain('"yes": True');
  });

  it("write JavaScript that parses", () => {
    const text = snippet("javascript", { ...parts, mode: "completion" });
    const Async = Object.getPrototypeOf(async () => undefined).constructor as new (
      code: string,
    ) => unknown;
    expect(() => new Async(text)).not.toThrow();
  });
});

describe("webAppUrl", () => {
  const app = (mode: string, site: object | null) =>
    ({ mode, site }) as Parameters<typeof webAppUrl>[0];
  it("names the page by the kind of app", () => {
    expect(webAppUrl(app("agent-chat", { access_token: "c" }), "http://h")).toBe("http://h/chat/c");
    expect(
      webAppUrl(app("workflow", { code: "c", app_base_url: "https://apps/" }), "http://h"),
    ).toBe("https://apps/workflow/c");
    expect(webAppUrl(app("chat", null), "http://h")).toBeUndefined();
  });
});
