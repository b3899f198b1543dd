import { describe, expect, it } from "vitest";
import { headColours } from "./accent";

describe("headColours", () => {
  it("puts readable text on the theme colour, or the other way round", () => {
    expect(headColours("#8F5E12", false)).toEqual({
      background: "rgb(143 94 18)",
      color: "#ffffff",
    });
    expect(headColours("FFEE88", false)?.color).toBe("#1b2130");
    expect(headColours("#8F5E12", true)).toEqual({
      background: "#ffffff",
      color: "rgb(143 94 18)",
    });
  });

  it("takes nothing else for a colour", () => {
    for (const theme of [null, "", "red", "#12", "#12345678", "url(x)"])
      expect(headColours(theme, false)).toBeNull();
  });
});
