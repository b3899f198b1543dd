import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { hush, speak } from "./speech";

class FakeAudio {
  static made: FakeAudio[] = [];
  static refuses = false;
  onended: (() => void) | null = null;
  onerror: (() => void) | null = null;
  pause = vi.fn();
  play = vi.fn(() =>
    FakeAudio.refuses ? Promise.reject(new Error("no click")) : Promise.resolve(),
  );
  constructor(readonly url: string) {
    FakeAudio.made.push(this);
  }
}

const revoke = vi.fn();

beforeEach(() => {
  let count = 0;
  FakeAudio.made = [];
  FakeAudio.refuses = false;
  revoke.mockClear();
  vi.stubGlobal("Audio", FakeAudio);
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: () => `blob:${++count}`, revokeObjectURL: revoke }),
  );
});

afterEach(() => {
  hush();
  vi.unstubAllGlobals();
});

test("pieces are played in turn", () => {
  speak(btoa("a"));
  speak(btoa("b"));
  expect(FakeAudio.made.map((audio) => audio.url)).toEqual(["blob:1"]);
  FakeAudio.made[0]?.onended?.();
  expect(FakeAudio.made.map((audio) => audio.url)).toEqual(["blob:1", "blob:2"]);
  expect(revoke).toHaveBeenCalledWith("blob:1");
});

test("who is hushed says nothing more", () => {
  speak(btoa("a"));
  speak(btoa("b"));
  hush();
  expect(FakeAudio.made[0]?.pause).toHaveBeenCalled();
  FakeAudio.made[0]?.onended?.();
  expect(FakeAudio.made).toHaveLength(1);
});

test("a browser that refuses to play is asked again with the next piece", async () => {
  FakeAudio.refuses = true;
  speak(btoa("a"));
  speak(btoa("b"));
  await vi.waitFor(() => expect(FakeAudio.made).toHaveLength(2));
});
