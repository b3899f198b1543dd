/** Turns `&amp;` and its kind back into characters, as HTML would. */

const reference = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;
let scratch: HTMLTextAreaElement | undefined;

/** `text` with its character references resolved; unknown ones stay as they are. */
export function decodeEntities(text: string): string {
  return text.includes("&") ? text.replace(reference, decodeOne) : text;
}

/** The browser knows all 2 231 names; a text area never makes elements of what it is given. */
function decodeOne(found: string): string {
  scratch ??= document.createElement("textarea");
  scratch.innerHTML = found;
  return scratch.value;
}
