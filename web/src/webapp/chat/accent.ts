/** The colours that an app's owner gave to the head of the embedded page. */

export interface HeadColours {
  background: string;
  color: string;
}

/**
 * Colours for the head: the theme colour as ground, with the text that can be
 * read on it; the other way round when inverted. Null where none is set.
 */
export function headColours(
  theme: string | null | undefined,
  inverted: boolean,
): HeadColours | null {
  const parts = /^#?([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(theme ?? "");
  if (!parts) return null;
  const rgb = parts.slice(1).map((each) => Number.parseInt(each, 16));
  const colour = `rgb(${rgb.join(" ")})`;
  const readable = luminance(rgb) > 0.36 ? "#1b2130" : "#ffffff";
  return inverted
    ? { background: readable, color: colour }
    : { background: colour, color: readable };
}

/** Relative luminance, 0..1, as the accessibility guidelines define it. */
function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
