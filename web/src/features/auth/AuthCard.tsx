import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { rememberLanguage } from "@/i18n/choice";
import { type Language, languageOf, setLanguage } from "@/i18n/start";
import { Mark } from "@/ui/Mark";
import { useTitle } from "@/ui/useTitle";

/** The one card that every page outside the session stands in. */
export function AuthCard({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children: ReactNode;
}) {
  const { t, i18n } = useTranslation("auth");
  useTitle(title);
  const language = languageOf(i18n.language);
  const change = (next: Language) => {
    rememberLanguage(next);
    void setLanguage(next);
  };
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 p-4">
      <div className="w-full max-w-sm rounded-card border border-line bg-surface p-6">
        <div className="mb-5 flex items-center gap-2 text-brass">
          <Mark size={28} />
          <span className="text-lg font-semibold text-text">{t("product")}</span>
        </div>
        <h1 className="text-xl">{title}</h1>
        {text && <p className="mt-1 text-muted">{text}</p>}
        <div className="mt-5">{children}</div>
      </div>
      <label className="flex items-center gap-2 text-xs text-muted">
        {t("language")}
        <select
          value={language}
          onChange={(event) => change(languageOf(event.target.value))}
          className="rounded-control border border-line bg-surface px-1 py-0.5 text-text"
        >
          <option value="en">{t("english")}</option>
          <option value="zh">{t("chinese")}</option>
        </select>
      </label>
    </main>
  );
}
