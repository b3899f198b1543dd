/** Numbers for people. */

/** Bytes as `12 kB` or `3.4 MB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${Math.round(count / 1024)} kB`;
  return `${trimmed(count / 1024 / 1024)} MB`;
}

/** Seconds as `80 ms`, `1.2 s` or `3 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 0.995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${trimmed(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
