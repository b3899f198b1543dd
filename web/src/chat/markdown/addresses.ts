/** Which addresses a model's text may point to. */

const linkSchemes = new Set(["http:", "https:", "mailto:", "tel:"]);
const imageData = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[a-z0-9+/=\s]*$/i;

/** `href` when following it runs nothing, else null. Relative addresses stay as they are. */
export function safeLink(href: string): string | null {
  const scheme = schemeOf(href);
  if (scheme === null) return href.trim();
  return linkSchemes.has(scheme) ? href.trim() : null;
}

/** `src` when loading it runs nothing: http(s), relative, or an inline bitmap. */
export function safeImage(src: string): string | null {
  if (imageData.test(src)) return src;
  const scheme = schemeOf(src);
  if (scheme === null) return src.trim();
  return scheme === "http:" || scheme === "https:" ? src.trim() : null;
}

/** The scheme in lower case, null for a relative address. */
function schemeOf(address: string): string | null {
  // Browsers drop control characters and blanks inside a scheme: "java\tscript:" runs.
  const squeezed = Array.from(address)
    .filter((letter) => (letter.codePointAt(0) ?? 0) > 0x20)
    .join("");
  const found = /^([a-z][a-z0-9+.-]*:)/i.exec(squeezed);
  if (found) return (found[1] ?? "").toLowerCase();
  // An entity or a percent sign before the first colon hides a scheme; nothing honest looks so.
  return /^[^/?#]*(?:&|%)[^/?#]*:/.test(squeezed) ? "hidden:" : null;
}
