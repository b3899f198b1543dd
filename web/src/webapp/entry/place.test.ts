import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { placeOf } from "./place";

const at = (path: string) => placeOf(new URL(path, "https://app.test"));
const packed = (text: string): string => encodeURIComponent(gzipSync(text).toString("base64"));

describe("placeOf", () => {
  it("knows the four pages and nothing else", async () => {
    for (const kind of ["chat", "chatbot", "completion", "workflow"]) {
      expect(await at(`/${kind}/AbC123_-x`)).toMatchObject({ kind, code: "AbC123_-x" });
    }
    expect(await at("/apps/x")).toBeNull();
    expect(await at("/chat/")).toBeNull();
    expect(await at("/chat/a/b")).toBeNull();
  });

  it("takes plain values on full pages", async () => {
    expect(await at("/chat/x?name=Ada&c=conv-1&sys.user_id=u7")).toMatchObject({
      inputs: { name: "Ada" },
      conversationId: "conv-1",
      userId: "u7",
    });
  });

  it("unpacks values on embedded pages and drops what can't be unpacked", async () => {
    const place = await at(
      `/chatbot/x?name=${packed("Ada + 阿达")}&bad=%%%25&worse=plain&sys.user_id=${packed("u7")}&user.name=${packed("A")}`,
    );
    expect(place).toMatchObject({ inputs: { name: "Ada + 阿达" }, userId: "u7" });
    expect(Object.keys(place?.inputs ?? {})).toEqual(["name"]);
  });
});
