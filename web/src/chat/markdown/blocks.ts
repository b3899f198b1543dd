/**
 * Blocks of a growing text.
 *
 * Lexing the whole answer for each chunk costs the square of its length, and
 * gives new objects for blocks that have not changed. A block is settled once
 * another one follows it after an empty line: the last ones are read again, and
 * all before keep their identity, so that React passes over them. What only later text
 * can tell (a reference defined at the end, the other half of an unpaired
 * `$$`) is set right by `finish`.
 */
import { lex, type Token } from "./grammar";

export class GrowingText {
  private settled: Token[] = [];
  private settledText = "";

  /** The blocks of `text`. Cheap when `text` continues the one before. */
  update(text: string): Token[] {
    const source = text.replace(/\r\n?/g, "\n");
    if (!source.startsWith(this.settledText)) this.forget();
    const fresh = lex(source.slice(this.settledText.length));
    const blocks = [...this.settled, ...fresh];
    this.settle(fresh, source);
    return blocks;
  }

  /** The blocks of a text that is complete, with references resolved across all of it. */
  finish(text: string): Token[] {
    const source = text.replace(/\r\n?/g, "\n");
    const whole = lex(source);
    if (!source.startsWith(this.settledText)) this.forget();
    // Blocks that came out the same keep their objects, and the screen its elements.
    return whole.map((block, index) => {
      const before = this.settled[index];
      return before && before.raw === block.raw && !hasReference(block.raw) ? before : block;
    });
  }

  private forget(): void {
    this.settled = [];
    this.settledText = "";
  }

  private settle(fresh: Token[], source: string): void {
    const open = lastOpenBlock(fresh);
    const done = fresh.slice(0, open);
    const text = this.settledText + done.map((block) => block.raw).join("");
    // The lexer normalises some white space; then positions can't be trusted.
    if (!source.startsWith(text)) return;
    this.settled = [...this.settled, ...done];
    this.settledText = text;
  }
}

/**
 * Index of the first block that later text may still change: not before the
 * last two, and at an empty line, since a line without one before it may yet
 * become part of what is above (a heading by its underline).
 */
function lastOpenBlock(blocks: Token[]): number {
  let solid = 0;
  for (let index = blocks.length - 1; index > 0; index -= 1) {
    if (blocks[index]?.type === "space") continue;
    solid += 1;
    if (solid >= 2 && /\n[ \t]*\n$/.test(blocks[index - 1]?.raw ?? "")) return index;
  }
  return 0;
}

function hasReference(raw: string): boolean {
  return raw.includes("][") || /\[[^\]]+\](?!\()/.test(raw);
}
