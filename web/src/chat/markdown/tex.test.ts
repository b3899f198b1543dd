import { beforeAll, describe, expect, it } from "vitest";

const set = (tex: string): HTMLElement => {
  const place = document.createElement("span");
  render(tex, place, false);
  return place;
};

// The page has a doctype; the test's document has none, and the typesetter refuses such pages.
let render: typeof import("./tex").render;
beforeAll(async () => {
  Object.defineProperty(document, "compatMode", { value: "CSS1Compat" });
  ({ render } = await import("./tex"));
});

describe("formulas", () => {
  it("are typeset", () => {
    expect(set("\\frac{1}{2}").querySelector(".mfrac")).not.toBeNull();
  });

  it.each([
    "\\href{javascript:alert(1)}{x}",
    "\\includegraphics{https://evil.test/x.png}",
    "\\htmlData{a=b}{x}",
    "\\htmlId{root}{x}",
    "\\frac{",
    "\\def\\a{\\a\\a}\\a",
  ])("bring nothing else in and never throw: %s", (tex) => {
    const place = set(tex);
    expect(place.querySelector("a, img, [id], [data-a]")).toBeNull();
    expect(place.textContent).not.toBe("");
  });
});
