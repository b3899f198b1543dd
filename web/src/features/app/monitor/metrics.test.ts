import { describe, expect, it } from "vitest";
import { fillDays, metricsOf, periodOf, readDays, total } from "./metrics";

const now = new Date(2026, 2, 1, 15, 30);

describe("metrics", () => {
  it("cover the period from its first to its last minute", () => {
    expect(periodOf(7, now)).toEqual({ start: "2026-02-23 00:00", end: "2026-03-01 23:59" });
    expect(periodOf(1, now)).toEqual({ start: "2026-03-01 00:00", end: "2026-03-01 23:59" });
  });

  it("count days without a row as nothing", () => {
    const days = fillDays(readDays([{ date: "2026-02-28", runs: "4" }], "runs"), 3, now);
    expect(days).toEqual([
      { date: "2026-02-27", value: 0 },
      { date: "2026-02-28", value: 4 },
      { date: "2026-03-01", value: 0 },
    ]);
    expect(total(days, true)).toBe(4);
    expect(total(days, false)).toBe(4);
    expect(total([], false)).toBe(0);
  });

  it("ask each kind of app for what it has", () => {
    expect(metricsOf("workflow").every(({ path }) => path.startsWith("/workflow/"))).toBe(true);
    expect(metricsOf("completion").map(({ name }) => name)).not.toContain("conversations");
  });
});
