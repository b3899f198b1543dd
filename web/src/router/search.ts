/** Readers for the query part of addresses: unknown keys are dropped, bad values become undefined. */
export type Raw = Record<string, unknown>;

export function text(raw: Raw, key: string): string | undefined {
  const value = raw[key];
  if (typeof value === "string") return value || undefined;
  // The router reads `?code=123456` as a number; here it is still text.
  return typeof value === "number" ? String(value) : undefined;
}

export function flag(raw: Raw, key: string): true | undefined {
  const value = raw[key];
  return value === true || value === "true" || value === 1 ? true : undefined;
}

export function count(raw: Raw, key: string): number | undefined {
  const value = Number(raw[key]);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

export function oneOf<T extends string>(
  raw: Raw,
  key: string,
  allowed: readonly T[],
): T | undefined {
  return allowed.find((value) => value === raw[key]);
}

/** Makes a route's query reader: every key optional, and those without a value left out of the address. */
export function query<T extends object>(read: (raw: Raw) => T): (raw: Raw) => Partial<T> {
  return (raw) => {
    const wanted = Object.entries(read(raw)).filter(([, value]) => value !== undefined);
    return Object.fromEntries(wanted) as Partial<T>;
  };
}
