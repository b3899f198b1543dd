/** Sizes and times in human units; `Exact` values belong in a title. */

/** Seconds as `84 ms`, `2.41 s`, `3 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `1 234`, `12.3k`, `4.5M`. */
export function amount(value: number): string {
  if (Math.abs(value) >= 1_000_000) return `${(value / 1_000_000).toFixed(1)}M`;
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return String(Math.round(value * 100) / 100).replace(/\B(?=(\d{3})+(?!\d))/, "\u202f");
}
