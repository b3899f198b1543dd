import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GrowingText } from "./blocks";
import { lex, type Token } from "./grammar";

const pieces = [
  "# Head\n",
  "para ",
  "**bold** ",
  "\n\n",
  "\n",
  "- item\n",
  "  more\n",
  "1. one\n",
  "```py\nx = 1\n",
  "```\n",
  "| a | b |\n",
  "|---|---|\n",
  "| 1 | 2 |\n",
  "> quote\n",
  "\n\n$$\nx^2\n$$\n\n",
  "---\n",
  "    indented\n",
  "<b>hi</b>\n",
  "$a+b$ ",
  "\\[y\\]\n",
  "text\n===\n",
];
const shape = (blocks: Token[]): string[] =>
  blocks.filter((b) => b.type !== "space").map((b) => `${b.type}:${b.raw.trim()}`);

describe("GrowingText", () => {
  it("gives the blocks of the whole text, however it arrived", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 14 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (parts, cuts) => {
          const text = parts.join("");
          const growing = new GrowingText();
          for (const cut of [...cuts].sort((a, b) => a - b)) growing.update(text.slice(0, cut));
          expect(shape(growing.update(text))).toEqual(shape(lex(text)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps the objects of settled blocks", () => {
    const growing = new GrowingText();
    const before = growing.update("one\n\ntwo\n\nthree\n\nfo");
    const after = growing.update("one\n\ntwo\n\nthree\n\nfour and more");
    expect(after[0]).toBe(before[0]);
    expect(after.filter((b) => b.type === "paragraph").map((b) => b.raw)).toEqual([
      "one",
      "two",
      "three",
      "four and more",
    ]);
  });

  it("starts anew when the text was replaced", () => {
    const growing = new GrowingText();
    growing.update("one\n\ntwo\n\nthree\n\nfour");
    expect(shape(growing.update("other"))).toEqual(["paragraph:other"]);
  });

  it("resolves a reference that was defined later", () => {
    const growing = new GrowingText();
    const text = "see [this][1]\n\ntwo\n\nthree\n\n[1]: https://example.org\n";
    growing.update(text.slice(0, 30));
    const first = growing.finish(text)[0] as { tokens?: Token[] };
    expect(first.tokens?.some((token) => token.type === "link")).toBe(true);
  });

  it("reads a long answer in far less than the square of its length", () => {
    const growing = new GrowingText();
    const text = "A paragraph of *some* words with `code` in it.\n\n".repeat(2000);
    const whole = timeOf(() => {
      for (let n = 0; n < 3; n++) new GrowingText().update(text.slice(0, text.length - n));
    });
    const grown = timeOf(() => {
      for (let end = 0; end <= text.length; end += 100) growing.update(text.slice(0, end));
    });
    // Reading all of it anew each time would cost nearly 500 whole readings, which is 160 times that of three.
    expect(grown).toBeLessThan(50 * whole);
  });
});

function timeOf(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

describe("math", () => {
  const inline = (text: string): string[] =>
    (lex(text)[0] as { tokens?: Token[] }).tokens?.map((token) => `${token.type}`) ?? [];

  it("takes dollars for money where a formula can't end", () => {
    expect(inline("costs $5 and $10 today")).toEqual(["text"]);
    expect(inline("so $a_1 + b$ holds")).toContain("math");
    expect(inline("and \\(x\\) too")).toContain("math");
  });

  it("knows formulas on their own lines", () => {
    expect(lex("$$\n\\frac{1}{2}\n$$\n")[0]).toMatchObject({
      type: "math",
      display: true,
      tex: "\\frac{1}{2}",
    });
    expect(lex("\\[\na\n\\]")[0]).toMatchObject({ type: "math", display: true, tex: "a" });
  });
});
