import { expect, it } from "vitest";
import { shiftToReveal } from "./reveal";

it("leaves alone what is in sight", () => {
  expect(shiftToReveal({ from: 100, to: 300 }, 400)).toBe(0);
});

it("brings back what is beyond either edge, with room beside it", () => {
  expect(shiftToReveal({ from: 250, to: 450 }, 400)).toBe(-66);
  expect(shiftToReveal({ from: -40, to: 160 }, 400)).toBe(56);
});

it("shows the beginning of what is larger than the view", () => {
  expect(shiftToReveal({ from: 100, to: 900 }, 400)).toBe(-84);
});
