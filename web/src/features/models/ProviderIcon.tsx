/** A letter in a square: no vendor's picture is shipped. */
export function ProviderIcon({ name }: { name: string }) {
  const [first = "·"] = name;
  return (
    <span
      aria-hidden="true"
      className="flex size-8 shrink-0 items-center justify-center rounded-control border border-line bg-bg font-semibold text-muted"
    >
      {first.toUpperCase()}
    </span>
  );
}
