/**
 * Reads the platform's event streams. A frame is one `data: {json}` block and an empty line; pings and
 * comments are skipped; a frame may be cut anywhere by the network, also inside a character.
 */
import { isStreamEvent, type StreamEvent } from "./events";

/** A complete frame that is not JSON: something between us and the server changed the stream. */
export class StreamFormatError extends Error {
  constructor(readonly frame: string) {
    super("The event stream is damaged");
    this.name = "StreamFormatError";
  }
}

/** Yields the events of a streamed answer in order; ends when the connection closes. */
export async function* readEvents(
  response: Response,
): AsyncGenerator<StreamEvent, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const frames = rest.split(/\r?\n\r?\n/);
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const event = parseFrame(frame);
        if (event) yield event;
      }
      if (done) break;
    }
    const last = parseLast(rest);
    if (last) yield last;
  } finally {
    // Leaving the loop early must also tell the server that nobody listens.
    await reader.cancel().catch(() => undefined);
  }
}

/** The event in one frame, or null for pings, comments and events this client does not know. */
export function parseFrame(frame: string): StreamEvent | null {
  const data = frame
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line[5] === " " ? 6 : 5))
    .join("\n");
  if (!data) return null;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new StreamFormatError(data);
  }
  return isStreamEvent(value) ? value : null;
}

/** What is left when the connection closes may be a whole frame or a piece of one. */
function parseLast(rest: string): StreamEvent | null {
  try {
    return parseFrame(rest);
  } catch {
    return null;
  }
}
