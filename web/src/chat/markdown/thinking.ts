/** Splits an answer into what the model thought aloud and what it says. */

export interface Passage {
  kind: "thought" | "text";
  text: string;
  /** A thought without its closing tag: still thinking. */
  open: boolean;
}

/**
 * Passages of `text` in order, empty ones left out.
 *
 * A tag counts only at the start of a line, and never inside fenced code: a
 * model that writes about the tag does not fold its own answer away.
 */
export function passages(text: string): Passage[] {
  const found: Passage[] = [];
  let rest = text;
  while (rest) {
    const opening = findOpening(rest);
    if (opening < 0) break;
    push(found, "text", rest.slice(0, opening), false);
    const inside = rest.slice(opening).replace(/^\s*<think>/, "");
    const closing = inside.indexOf("</think>");
    if (closing < 0) {
      push(found, "thought", withoutHalfTag(inside), true);
      return found;
    }
    push(found, "thought", inside.slice(0, closing), false);
    rest = inside.slice(closing + "</think>".length);
  }
  push(found, "text", rest, false);
  return found;
}

/** The answer without its thoughts, as it should be copied. */
export function spoken(text: string): string {
  return passages(text)
    .filter((passage) => passage.kind === "text")
    .map((passage) => passage.text)
    .join("")
    .trim();
}

function findOpening(text: string): number {
  let fenced = false;
  let at = 0;
  for (const line of text.split("\n")) {
    if (/^ {0,3}(?:```|~~~)/.test(line)) fenced = !fenced;
    else if (!fenced && /^\s*<think>/.test(line)) return at;
    at += line.length + 1;
  }
  return -1;
}

function withoutHalfTag(text: string): string {
  return text.replace(/<(?:\/(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?)?$/, "");
}

function push(found: Passage[], kind: Passage["kind"], text: string, open: boolean): void {
  if (text.trim() || open)
    found.push({ kind, text: kind === "thought" ? text.trim() : text, open });
}
