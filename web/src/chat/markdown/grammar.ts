/**
 * The Markdown of answers: GitHub's dialect, with line breaks kept as written
 * and TeX between dollars or backslash brackets.
 *
 * Only the lexer is used. Tokens become React elements one by one, so text of
 * a model never passes through `innerHTML` and raw HTML stays text.
 */
import { Marked, type Token, type TokenizerExtension } from "marked";

export type { Token } from "marked";

/** TeX inside a line or on its own. */
export interface MathToken {
  type: "math";
  raw: string;
  tex: string;
  display: boolean;
}

const blockMath: TokenizerExtension = {
  name: "math",
  level: "block",
  start: (text) => positionOf(text, /(?:^|\n) {0,3}(?:\$\$|\\\[)/),
  tokenizer: (text) => {
    // An empty line ends a formula, as in TeX: an unpaired mark must not swallow the rest.
    const found =
      /^ {0,3}\$\$((?:(?!\n[ \t]*\n)[\s\S])+?)\$\$[ \t]*(?:\n|$)/.exec(text) ??
      /^ {0,3}\\\[((?:(?!\n[ \t]*\n)[\s\S])+?)\\\][ \t]*(?:\n|$)/.exec(text);
    return found ? mathToken(found[0], found[1], true) : undefined;
  },
};

const inlineMath: TokenizerExtension = {
  name: "inlineMath",
  level: "inline",
  start: (text) => positionOf(text, /\$|\\\(|\\\[/),
  tokenizer: (text) => {
    const display =
      /^\$\$((?:(?!\n[ \t]*\n)[\s\S])+?)\$\$/.exec(text) ?? /^\\\[([^\n]+?)\\\]/.exec(text);
    if (display) return mathToken(display[0], display[1], true);
    // A closing dollar follows no space and precedes no digit: "$5 and $10" is money.
    const inline =
      /^\$(?![\s$])((?:\\.|[^\\$\n])*?(?:\\.|[^\\$\s]))\$(?!\d)/.exec(text) ??
      /^\\\(([^\n]+?)\\\)/.exec(text);
    return inline ? mathToken(inline[0], inline[1], false) : undefined;
  },
};

const grammar = new Marked({ gfm: true, breaks: true, extensions: [blockMath, inlineMath] });

/** The blocks of `text`; their `raw` parts joined give it back, but for odd white space. */
export function lex(text: string): Token[] {
  return [...grammar.lexer(text)];
}

function mathToken(raw: string, tex: string | undefined, display: boolean): MathToken {
  return { type: "math", raw, tex: (tex ?? "").trim(), display };
}

function positionOf(text: string, pattern: RegExp): number | undefined {
  const at = text.search(pattern);
  return at < 0 ? undefined : at;
}
