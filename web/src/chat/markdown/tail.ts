/**
 * The end of a text that is still arriving, made fit to be shown.
 *
 * Half a mark reads as punctuation and jumps into place when its other half
 * comes. Here an open mark is closed, and a line whose meaning the next
 * characters decide (a table's head, a rule under a heading) is held back.
 */

/** `text` as it would most likely read if it ended here. */
export function closeOpenMarks(text: string): string {
  if (insideFence(text)) return withoutHalfFence(text);
  const kept = withoutUndecidedLine(text);
  const start = kept.lastIndexOf("\n\n") + 1;
  return kept.slice(0, start) + closeInline(kept.slice(start));
}

function insideFence(text: string): boolean {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (!fence) continue;
    if (open === null) open = fence;
    else if (fence[0] === open[0] && fence.length >= open.length && /^ {0,3}[`~]+\s*$/.test(line))
      open = null;
  }
  return open !== null;
}

/** Inside a block of code the first characters of the closing fence are not code. */
function withoutHalfFence(text: string): string {
  return text.replace(/\n {0,3}(?:`{1,2}|~{1,2})$/, "\n");
}

function withoutUndecidedLine(text: string): string {
  const at = text.lastIndexOf("\n") + 1;
  const line = text.slice(at);
  if (/^\s*(?:[-*_=+#>]+|`{1,3}\w*|\d{1,3}[.)]?)\s*$/.test(line)) return text.slice(0, at);
  return withoutHalfTable(text);
}

/** A table is one from its second line on; until then its head would show as a paragraph. */
function withoutHalfTable(text: string): string {
  const lines = text.split("\n");
  let first = lines.length;
  while (first > 0 && (lines[first - 1] ?? "").trimStart().startsWith("|")) first -= 1;
  const rows = lines.slice(first);
  if (rows.length === 0 || rows.length > 2) return text;
  const rule = rows[1];
  const decided =
    rule !== undefined &&
    /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/.test(rule) &&
    columns(rule) === columns(rows[0]);
  return decided ? text : lines.slice(0, first).join("\n") + (first > 0 ? "\n" : "");
}

function columns(row: string | undefined): number {
  return (row ?? "")
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|").length;
}

function closeInline(text: string): string {
  const code = unclosedCode(text);
  if (code !== null) return code;
  const linked = withoutHalfLink(text);
  return linked + missingMarks(linked);
}

function unclosedCode(text: string): string | null {
  const ticks = withoutEscapes(text).match(/`+/g) ?? [];
  let open: string | null = null;
  for (const run of ticks) {
    if (open === null) open = run;
    else if (run.length === open.length) open = null;
  }
  if (open === null) return null;
  // A tick at the very end may be the first half of the closing one.
  return text.endsWith(open) ? text.slice(0, -open.length) : text + open;
}

/** `[label](addr` shows its label only, until the address is complete. */
function withoutHalfLink(text: string): string {
  const found = /(!?)\[([^\][\n]*)(?:\]\([^()\s]*)?$/.exec(text);
  if (!found) return text;
  const before = text.slice(0, found.index);
  return found[1] === "!" ? before : before + (found[2] ?? "");
}

function missingMarks(text: string): string {
  const prose = withoutEscapes(text).replace(/`[^`]*`/g, "");
  const open: string[] = [];
  for (const [mark] of prose.matchAll(/\*{1,3}|~~|__/g)) {
    const at = open.lastIndexOf(mark);
    if (at >= 0) open.splice(at);
    else open.push(mark);
  }
  // A mark with nothing behind it yet would close to an empty pair: leave it alone.
  if (/(?:\*{1,3}|~~|__)$/.test(prose) && open.length > 0) return "";
  return open.reverse().join("");
}

function withoutEscapes(text: string): string {
  return text.replace(/\\[\\`*_~[\]]/g, "");
}
