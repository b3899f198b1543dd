/**
 * Fails when the first screen of a page weighs more than its budget.
 * Counted: the entry script, everything it imports statically, and its style sheets, gzipped;
 * plus the chunks named in `also`, which the first screen always loads next.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const budgets = [
  {
    name: "console, first screen",
    entry: "index.html",
    also: ["src/i18n/en/console.ts", "src/features/studio/StudioPage.tsx", "src/frame/Frame.tsx"],
    limit: 250,
  },
  {
    name: "web app, chat",
    entry: "app.html",
    also: [],
    alsoMatching: /^src\/(webapp\/.*Chat.*|i18n\/en\/webapp)\.tsx?$/,
    limit: 150,
  },
];

function files(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const next of chunk.imports ?? []) files(next, seen);
  return seen;
}

let failed = false;
for (const { name, entry, also, alsoMatching, limit } of budgets) {
  const wanted = files(entry);
  const extra = [...also, ...Object.keys(manifest).filter((key) => alsoMatching?.test(key))];
  for (const key of extra) {
    if (!manifest[key]) {
      process.stderr.write(`${name}: ${key} is not a chunk of its own any more; mend the list\n`);
      failed = true;
    }
    files(key, wanted);
  }
  let bytes = 0;
  for (const file of wanted)
    bytes += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  const kB = bytes / 1000;
  if (kB > limit) failed = true;
  process.stdout.write(`${name}: ${kB.toFixed(1)} kB gzip of ${limit} (${wanted.size} files)\n`);
}
process.exit(failed ? 1 : 0);
