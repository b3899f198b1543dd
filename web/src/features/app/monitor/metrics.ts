/** Which statistics an app has, and how their rows become a gapless series of days. */
import type { AppMode } from "@/api/types";

export interface Metric {
  /** Key of its name in the messages. */
  name: string;
  path: string;
  /** The number's field in each row. */
  field: string;
  /** Sum over the days; otherwise the mean of the days that have a value. */
  sum: boolean;
}

export type DayRow = Record<string, string | number | null>;

export interface Day {
  /** `YYYY-MM-DD` */
  date: string;
  value: number;
}

const chat: Metric[] = [
  { name: "messages", path: "/statistics/daily-messages", field: "message_count", sum: true },
  {
    name: "conversations",
    path: "/statistics/daily-conversations",
    field: "conversation_count",
    sum: true,
  },
  { name: "people", path: "/statistics/daily-end-users", field: "terminal_count", sum: true },
  { name: "tokens", path: "/statistics/token-costs", field: "token_count", sum: true },
];

const speed: Metric = {
  name: "speed",
  path: "/statistics/tokens-per-second",
  field: "tps",
  sum: false,
};
const rounds: Metric = {
  name: "rounds",
  path: "/statistics/average-session-interactions",
  field: "interactions",
  sum: false,
};
const latency: Metric = {
  name: "latency",
  path: "/statistics/average-response-time",
  field: "latency",
  sum: false,
};

const workflow: Metric[] = [
  { name: "runs", path: "/workflow/statistics/daily-conversations", field: "runs", sum: true },
  {
    name: "people",
    path: "/workflow/statistics/daily-terminals",
    field: "terminal_count",
    sum: true,
  },
  { name: "tokens", path: "/workflow/statistics/token-costs", field: "token_count", sum: true },
  {
    name: "perPerson",
    path: "/workflow/statistics/average-app-interactions",
    field: "interactions",
    sum: false,
  },
];

export function metricsOf(mode: AppMode): Metric[] {
  if (mode === "workflow") return workflow;
  if (mode === "completion")
    return [...chat.filter(({ name }) => name !== "conversations"), latency, speed];
  return [...chat, rounds, speed];
}

/** First and last minute of the period, as the statistics want them: `YYYY-MM-DD HH:MM`, local time. */
export function periodOf(days: number, now: Date): { start: string; end: string } {
  const first = new Date(now);
  first.setDate(first.getDate() - (days - 1));
  return { start: `${dateText(first)} 00:00`, end: `${dateText(now)} 23:59` };
}

export function dateText(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function readDays(rows: readonly DayRow[], field: string): Day[] {
  return rows.map((row) => ({
    date: String(row.date ?? "").slice(0, 10),
    value: Number(row[field] ?? 0) || 0,
  }));
}

/** Days without a row count as zero. */
export function fillDays(rows: readonly Day[], days: number, now: Date): Day[] {
  const known = new Map(rows.map(({ date, value }) => [date, value]));
  return Array.from({ length: days }, (_, at) => {
    const day = new Date(now);
    day.setDate(day.getDate() - (days - 1 - at));
    const date = dateText(day);
    return { date, value: known.get(date) ?? 0 };
  });
}

export function total(days: readonly Day[], sum: boolean): number {
  const all = days.reduce((so, { value }) => so + value, 0);
  if (sum) return all;
  const filled = days.filter(({ value }) => value > 0).length;
  return filled === 0 ? 0 : all / filled;
}
