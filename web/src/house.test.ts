/** Rules of the house that no linter knows. Sources are read as text and as syntax trees. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname);
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(tsx?|css)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const code = sources.filter(({ path }) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path));

type Texts = { [key: string]: string | Texts };

function messages(language: string): Record<string, Texts> {
  const folder = join(root, "i18n", language);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    files.map((name) => [
      name.slice(0, -5),
      JSON.parse(readFileSync(join(folder, name), "utf8")) as Texts,
    ]),
  );
}

/** Full keys of all texts; the plural forms of one text count as one. */
function keysOf(texts: Texts, prefix = ""): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string"
      ? [prefix + key.replace(/_(zero|one|two|few|many|other)$/, "")]
      : keysOf(value, `${prefix}${key}.`),
  );
}

describe("texts", () => {
  const en = messages("en");
  const zh = messages("zh");

  it("exist in both languages, namespace by namespace", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const [namespace, texts] of Object.entries(en))
      expect({ namespace, keys: [...new Set(keysOf(zh[namespace] ?? {}))].sort() }).toEqual({
        namespace,
        keys: [...new Set(keysOf(texts))].sort(),
      });
  });

  it("name the same values in both languages", () => {
    const slots = (texts: Texts): Record<string, string[]> => {
      const found: Record<string, string[]> = {};
      const walk = (part: Texts, prefix: string): void => {
        for (const [key, value] of Object.entries(part)) {
          if (typeof value !== "string") walk(value, `${prefix}${key}.`);
          // "1 item" may leave the number out, so only the general form is compared.
          else if (!/_(zero|one)$/.test(key))
            found[prefix + key] = [...value.matchAll(/\{\{(\w+)\}\}/g)]
              .map(([, name]) => name ?? "")
              .sort();
        }
      };
      walk(texts, "");
      return found;
    };
    for (const [namespace, texts] of Object.entries(en)) {
      const ours = slots(texts);
      const theirs = slots(zh[namespace] ?? {});
      for (const key of Object.keys(ours))
        expect({ namespace, key, slots: theirs[key] }).toEqual({
          namespace,
          key,
          slots: ours[key],
        });
    }
  });

  it("exist for every key that the code names", () => {
    const known = new Set(
      Object.entries(en).flatMap(([namespace, texts]) =>
        keysOf(texts).map((key) => `${namespace}:${key}`),
      ),
    );
    const missing: string[] = [];
    for (const { path, text } of code) {
      const declared = [...text.matchAll(/useTranslation\(\s*(\[[^\]]*\]|"[^"]*")/g)];
      const named = declared.flatMap(([, list = ""]) =>
        [...list.matchAll(/"([\w-]+)"/g)].map(([, name]) => name),
      );
      // Functions that are handed `t` take their texts from their caller's namespace.
      const spaces = named.length > 0 ? named : Object.keys(en);
      for (const [, key = ""] of text.matchAll(/[^\w.]t\(\s*"([^"$]+)"/g)) {
        const found = key.includes(":")
          ? known.has(key)
          : spaces.some((name) => known.has(`${name}:${key}`));
        if (!found) missing.push(`${path}: ${key}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

/** A node of the parser's tree, as far as this test looks. */
interface Tree {
  type: string;
  [key: string]: unknown;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && "type" in value;
}

const SPOKEN = new Set(["aria-label", "placeholder", "title", "alt", "label", "text", "help"]);

/** Words written straight into JSX, as children or in attributes that people read. */
function literalTexts(tree: unknown): string[] {
  const found: string[] = [];
  const hasWords = (value: unknown): value is string =>
    typeof value === "string" && /\p{L}{2,}/u.test(value);
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) walk(one);
    else if (isTree(node)) {
      if (node.type === "JSXText" && hasWords(node.value)) found.push(node.value.trim());
      if (node.type === "JSXAttribute" && isTree(node.name) && SPOKEN.has(String(node.name.name))) {
        const value = isTree(node.value) ? node.value.value : undefined;
        if (hasWords(value)) found.push(value);
      }
      for (const part of Object.values(node)) walk(part);
    }
  };
  walk(tree);
  return found;
}

describe("sources", () => {
  it("keep words that people read in the message files", () => {
    const guilty = code
      .filter(({ path }) => path.endsWith(".tsx"))
      .flatMap(({ path, text }) =>
        literalTexts(parseSync(path, text).program).map((words) => `${path}: ${words}`),
      );
    expect(guilty).toEqual([]);
  });

  it("finds such words when there are some", () => {
    const { program } = parseSync("probe.tsx", '<p title="Read me">Hello there</p>');
    expect(literalTexts(program)).toEqual(["Read me", "Hello there"]);
  });

  it("stay short", () => {
    const long = sources
      .map(({ path, text }) => ({ path: relative(".", path), lines: text.split("\n").length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it("load nothing from other hosts", () => {
    const outside = sources.filter(
      ({ path, text }) => path.endsWith(".css") && /url\(\s*["']?(https?:)?\/\//.test(text),
    );
    expect(outside).toEqual([]);
    for (const page of ["index.html", "app.html"])
      expect(readFileSync(join(root, "..", page), "utf8")).not.toMatch(
        /(src|href)="(https?:)?\/\//,
      );
  });
});
