import { useTranslation } from "react-i18next";
import { buttonClass } from "@/ui/Button";
import type { Answer } from "../model/message";

/** Where the forms are that a run waits for. */
export function FormLinks({ answer }: { answer: Answer }) {
  const { t } = useTranslation("chat");
  if (answer.status !== "paused" || !answer.run?.forms.length) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {answer.run.forms.map(({ token, title }) => (
        <a
          key={token}
          href={`/form/${token}`}
          target="_blank"
          rel="noopener"
          className={buttonClass("primary")}
        >
          {t("openForm", { title })}
        </a>
      ))}
    </div>
  );
}
