import { CircleAlert, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";

interface FindingRowProps {
  name: string;
  /** Names of variables are shown as code. */
  code?: boolean;
  state: string;
  problem?: string | null;
  mend?: string;
}

/** One thing that was looked at: works or not, how it is set up, and what to do about it. */
export function FindingRow({ name, code, state, problem, mend }: FindingRowProps) {
  const { t } = useTranslation("system");
  const Icon = problem ? CircleAlert : CircleCheck;
  return (
    <li className="flex items-start gap-2 py-2">
      <Icon
        role="img"
        aria-label={t(problem ? "bad" : "ok")}
        size={16}
        className={`mt-px shrink-0 ${problem ? "text-bad" : "text-ok"}`}
      />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap gap-x-3">
          <span
            className={
              code ? "break-all font-mono text-xs leading-5 md:w-60" : "font-medium md:w-24"
            }
          >
            {name}
          </span>
          <span className="min-w-0 break-words text-muted md:flex-1">{state}</span>
        </div>
        {problem && (
          <p className="mt-0.5 break-words">
            {problem} <span className="text-muted">{mend}</span>
          </p>
        )}
      </div>
    </li>
  );
}
