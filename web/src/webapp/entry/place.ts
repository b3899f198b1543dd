/** Where the visitor is: which kind of page, of which app, with which values in the address. */

export type PageKind = "chat" | "chatbot" | "completion" | "workflow";

export interface Place {
  kind: PageKind;
  /** The site's code. */
  code: string;
  /** Values for the form, by variable. */
  inputs: Record<string, string>;
  /** An identity that the embedding site gives its visitor. */
  userId: string | null;
  /** The conversation to open, "" for a new one. */
  conversationId: string;
}

const pattern = /^\/(chat|chatbot|completion|workflow)\/([\w-]+)\/?$/;
/** The query's name for the open conversation, in pages that have a list of them. */
export const CONVERSATION = "c";

/** The token in the address of a form that a run waits for; null for any other address. */
export function formToken(path: string): string | null {
  return /^\/form\/([\w-]{1,128})\/?$/.exec(path)?.[1] ?? null;
}

/** Reads an address; null when it is none of our pages. */
export async function placeOf(url: URL): Promise<Place | null> {
  const found = pattern.exec(url.pathname);
  if (!found) return null;
  const kind = found[1] as PageKind;
  // The embedding script compresses what it passes on; the full pages take plain values.
  const values = kind === "chatbot" ? await unpacked(url.searchParams) : plain(url.searchParams);
  return {
    kind,
    code: found[2] ?? "",
    inputs: Object.fromEntries([...values].filter(([name]) => isInput(name))),
    userId: values.get("sys.user_id") ?? null,
    conversationId: url.searchParams.get(CONVERSATION) ?? values.get("sys.conversation_id") ?? "",
  };
}

function isInput(name: string): boolean {
  return name !== CONVERSATION && !name.startsWith("sys.") && !name.startsWith("user.");
}

function plain(query: URLSearchParams): Map<string, string> {
  return new Map(query);
}

async function unpacked(query: URLSearchParams): Promise<Map<string, string>> {
  const pairs = await Promise.all(
    [...query].map(async ([name, value]) => [name, await inflated(value)] as const),
  );
  const known = pairs.filter((pair): pair is [string, string] => pair[1] !== null);
  return new Map(known);
}

/** Undoes gzip and Base64. Null for what is neither: a bad value must not break the page. */
async function inflated(value: string): Promise<string | null> {
  try {
    // A plus sign read from a query is a space.
    const packed = atob(value.replaceAll(" ", "+"));
    const data = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).text();
  } catch {
    return null;
  }
}
