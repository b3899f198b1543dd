import { useState } from "react";
import { useTranslation } from "react-i18next";
import { amount } from "@/ui/units";
import type { Day } from "./metrics";

const WIDTH = 300;
const HEIGHT = 56;

/** Small columns by day, with the value at the cursor. A table says the same to screen readers. */
export function DayChart({ days, label }: { days: readonly Day[]; label: string }) {
  const { t, i18n } = useTranslation("monitor");
  const [at, setAt] = useState<number>();
  const top = Math.max(...days.map(({ value }) => value), 1);
  const step = WIDTH / days.length;
  const shown = at === undefined ? undefined : days[at];
  const say = (date: string) =>
    new Date(`${date}T00:00`).toLocaleDateString(i18n.language, { day: "numeric", month: "short" });
  return (
    <div className="mt-auto">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        className="h-14 w-full"
        onMouseLeave={() => setAt(undefined)}
        onMouseMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const index = Math.floor(((event.clientX - box.left) / box.width) * days.length);
          setAt(Math.min(Math.max(index, 0), days.length - 1));
        }}
      >
        {days.map(({ date, value }, index) => {
          const height = value === 0 ? 1 : Math.max((value / top) * (HEIGHT - 4), 2);
          return (
            <rect
              key={date}
              x={index * step + step * 0.12}
              width={step * 0.76}
              y={HEIGHT - height}
              height={height}
              fill={
                index === at ? "var(--brass)" : value === 0 ? "var(--line)" : "var(--line-strong)"
              }
            />
          );
        })}
      </svg>
      <div className="flex justify-between text-xs text-muted">
        {shown ? (
          <span>{t("dayValue", { day: say(shown.date), value: amount(shown.value) })}</span>
        ) : (
          <>
            <span>{say(days[0]?.date ?? "")}</span>
            {days.length > 1 && <span>{say(days.at(-1)?.date ?? "")}</span>}
          </>
        )}
      </div>
      <table className="sr-only">
        <caption>{label}</caption>
        <tbody>
          {days.map(({ date, value }) => (
            <tr key={date}>
              <th scope="row">{date}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
