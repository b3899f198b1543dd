import { describe, expect, it } from "vitest";
import type { StreamEvent } from "./events";
import { parseFrame, readEvents, StreamFormatError } from "./sse";

/** A streamed answer that arrives in the given pieces. */
function answer(pieces: readonly Uint8Array[]): Response {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

async function collect(response: Response): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(response)) events.push(event);
  return events;
}

const wire = [
  'data: {"event":"message","id":"m","answer":"Grüße 🌍"}\n\n',
  "event: ping\n\n",
  'data: {"event":"workflow_finished","workflow_run_id":"r","task_id":"t","data":{"id":"r","workflow_id":"w","status":"succeeded"}}\n\n',
  ": a comment\n\n",
  'data: {"event":"message_end","id":"m"}\n\n',
].join("");

describe("readEvents", () => {
  it("gives the same events wherever the network cuts the bytes", async () => {
    const bytes = new TextEncoder().encode(wire);
    const whole = await collect(answer([bytes]));
    expect(whole.map(({ event }) => event)).toEqual([
      "message",
      "workflow_finished",
      "message_end",
    ]);
    for (let cut = 1; cut < bytes.length; cut++)
      expect(await collect(answer([bytes.slice(0, cut), bytes.slice(cut)]))).toEqual(whole);
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await collect(answer(single))).toEqual(whole);
  });

  it("takes carriage returns, and data without a space", async () => {
    const text = 'data:{"event":"message","id":"1","answer":"a"}\r\n\r\n';
    expect(await collect(answer([new TextEncoder().encode(text)]))).toHaveLength(1);
  });

  it("takes a last frame without its empty line, and drops a torn one", async () => {
    const whole = 'data: {"event":"message_end","id":"m"}';
    expect(await collect(answer([new TextEncoder().encode(whole)]))).toHaveLength(1);
    expect(await collect(answer([new TextEncoder().encode(whole.slice(0, -3))]))).toEqual([]);
  });

  it("ends the connection when the reader leaves early", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(
          new TextEncoder().encode('data: {"event":"message","id":"1","answer":"a"}\n\n'),
        );
      },
      cancel() {
        cancelled = true;
      },
    });
    for await (const event of readEvents(new Response(stream))) {
      expect(event.event).toBe("message");
      break;
    }
    expect(cancelled).toBe(true);
  });
});

describe("parseFrame", () => {
  it("skips events of the future", () => {
    expect(parseFrame('data: {"event":"teleported"}')).toBeNull();
  });

  it("says when a whole frame is damaged", () => {
    expect(() => parseFrame("data: <html>")).toThrow(StreamFormatError);
  });
});
