import { useTranslation } from "react-i18next";

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 hours ago", with the exact time on hover. `seconds` is Unix time. */
export function RelativeTime({ seconds }: { seconds: number }) {
  const { i18n } = useTranslation();
  const when = new Date(seconds * 1000);
  return (
    <time dateTime={when.toISOString()} title={when.toLocaleString(i18n.language)}>
      {relative(seconds, Date.now() / 1000, i18n.language)}
    </time>
  );
}

export function relative(seconds: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const past = seconds - now;
  for (const [unit, size] of steps)
    if (Math.abs(past) >= size) return format.format(Math.round(past / size), unit);
  return format.format(0, "second");
}
