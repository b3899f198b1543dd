/** Typesets TeX. Loaded on demand, with its style sheet and fonts. */
import katex from "katex";
import "katex/dist/katex.min.css";

/** Puts `tex` into `into`. Never throws: what can't be read is shown as its source. */
export function render(tex: string, into: HTMLElement, display: boolean): void {
  katex.render(tex, into, {
    displayMode: display,
    throwOnError: false,
    errorColor: "currentColor",
    // No links, images or classes from a model's text, and no endless macros.
    trust: false,
    maxExpand: 200,
    maxSize: 20,
    strict: "ignore",
  });
}
