import { describe, expect, it } from "vitest";
import { safeImage, safeLink } from "./addresses";

describe("safeLink", () => {
  it.each([
    "https://example.org/a?b=c:d",
    "http://x",
    "mailto:a@b.c",
    "tel:+1",
    "/files/1?x=a%3Ab",
    "#note",
    "page.html",
  ])("lets %s through", (href) => expect(safeLink(href)).toBe(href));

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "vbscript:x",
    "data:text/html,<script>1</script>",
    "blob:https://x/y",
    "file:///etc/passwd",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)://x:",
    "%6aavascript:alert(1)",
  ])("stops %j", (href) => {
    const safe = safeLink(href);
    // What is let through must be resolved by a browser to an address of the web.
    if (safe !== null) expect(new URL(safe, "https://app.test/").protocol).toMatch(/^https?:$/);
  });
});

describe("safeImage", () => {
  it("takes bitmaps in place, no vector that could carry script, no other scheme", () => {
    expect(safeImage("data:image/png;base64,iVBORw0KGgo=")).not.toBeNull();
    expect(safeImage("data:image/svg+xml;base64,PHN2Zz4=")).toBeNull();
    expect(safeImage("javascript:alert(1)")).toBeNull();
    expect(safeImage("https://example.org/a.png")).toBe("https://example.org/a.png");
  });
});
