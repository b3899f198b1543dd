import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actWithUndo, flushUndoable, useToasts } from "./toasts";

beforeEach(() => {
  vi.useFakeTimers();
  useToasts.setState({ toasts: [] });
});
afterEach(() => {
  vi.useRealTimers();
});

function deletion(act = vi.fn(async () => undefined)) {
  return { text: "Gone", act, restore: vi.fn(), onError: vi.fn() };
}

describe("actWithUndo", () => {
  it("makes the call when the time to undo is over", async () => {
    const parts = deletion();
    actWithUndo(parts, 1000);
    await vi.advanceTimersByTimeAsync(999);
    expect(parts.act).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(parts.act).toHaveBeenCalledTimes(1);
    expect(useToasts.getState().toasts).toEqual([]);
  });

  it("never makes it after undo", async () => {
    const parts = deletion();
    actWithUndo(parts, 1000);
    useToasts.getState().toasts[0]?.undo?.();
    await vi.advanceTimersByTimeAsync(5000);
    flushUndoable();
    expect(parts.act).not.toHaveBeenCalled();
    expect(parts.restore).toHaveBeenCalledTimes(1);
  });

  it("makes it at once, and once, when the page is left", async () => {
    const parts = deletion();
    actWithUndo(parts, 1000);
    flushUndoable();
    await vi.advanceTimersByTimeAsync(5000);
    expect(parts.act).toHaveBeenCalledTimes(1);
  });

  it("puts the screen back when the server refuses", async () => {
    const refusal = new Error("no");
    const parts = deletion(vi.fn(async () => Promise.reject(refusal)));
    actWithUndo(parts, 10);
    await vi.advanceTimersByTimeAsync(20);
    expect(parts.restore).toHaveBeenCalledTimes(1);
    expect(parts.onError).toHaveBeenCalledWith(refusal);
  });
});
