import { describe, expect, it } from "vitest";
import { acceptOf, kindFor, kindOfLink, refusal, uploadRules } from "./rules";

const rules = (config: object) => {
  const found = uploadRules({ enabled: true, ...config });
  if (!found) throw new Error("no rules");
  return found;
};

describe("uploadRules", () => {
  it("takes nothing unless switched on", () => {
    expect(uploadRules(undefined)).toBeNull();
    expect(uploadRules({})).toBeNull();
    expect(uploadRules({ enabled: false, image: { enabled: true } })).toBeNull();
  });

  it("reads the old form that knows only pictures", () => {
    expect(
      uploadRules({ image: { enabled: true, number_limits: 2, transfer_methods: ["local_file"] } }),
    ).toMatchObject({
      kinds: ["image"],
      count: 2,
      methods: ["local_file"],
    });
  });

  it("has the contract's limits where none are given", () => {
    expect(rules({ allowed_file_types: ["image"] })).toMatchObject({
      count: 3,
      sizes: { image: 10 * 1024 ** 2, video: 100 * 1024 ** 2 },
    });
    expect(rules({ fileUploadConfig: { file_size_limit: 1 } }).sizes.document).toBe(1024 ** 2);
  });
});

describe("a file", () => {
  const pictures = rules({ allowed_file_types: ["image"] });

  it("has the kind of its extension", () => {
    expect(kindFor("a.PNG", "", pictures)).toBe("image");
    expect(kindFor("a.pdf", "application/pdf", pictures)).toBeNull();
    expect(kindFor("image", "image/png", pictures)).toBe("image");
    expect(
      kindFor(
        "a.xyz",
        "",
        rules({ allowed_file_types: ["custom"], allowed_file_extensions: [".XYZ"] }),
      ),
    ).toBe("custom");
  });

  it("is refused with a reason", () => {
    expect(refusal({ name: "a.pdf", size: 1 }, null, pictures)).toMatchObject({ reason: "kind" });
    expect(refusal({ name: "a.png", size: 0 }, "image", pictures)).toMatchObject({
      reason: "empty",
    });
    expect(refusal({ name: "a.png", size: 11 * 1024 ** 2 }, "image", pictures)).toMatchObject({
      reason: "size",
    });
    expect(refusal({ name: "a.png", size: 9 }, "image", pictures)).toBeNull();
  });

  it("may be a link", () => {
    expect(
      kindOfLink("https://x.test/a.mp3?y=1", rules({ allowed_file_types: ["image", "audio"] })),
    ).toBe("audio");
    expect(kindOfLink("https://x.test/picture", pictures)).toBe("image");
  });

  it("is offered by extension", () => {
    expect(acceptOf(rules({ allowed_file_types: ["audio"] }))).toBe(".mp3,.m4a,.wav,.amr,.mpga");
  });
});
