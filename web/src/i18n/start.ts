/**
 * Starts translation. Each page has one bundle of messages per language (`en/console.ts`,
 * `en/webapp.ts`), loaded on demand, so a page pays only for its own texts in one language.
 */
import i18next, { type Resource } from "i18next";
import { initReactI18next } from "react-i18next";

export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];
export type Messages = Record<string, object>;
export type Bundles = Record<Language, () => Promise<{ messages: Messages }>>;

/** Our language for a locale of the account, the site or the browser: `zh-Hans` is `zh`, unknown ones are `en`. */
export function languageOf(locale: string | null | undefined): Language {
  return locale?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The locale that the server knows for one of our languages. */
export function localeOf(language: Language): string {
  return language === "zh" ? "zh-Hans" : "en-US";
}

let bundles: Bundles | undefined;

export async function startI18n(given: Bundles, language: Language): Promise<void> {
  bundles = given;
  const { messages } = await given[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: messages } as Resource,
    defaultNS: "shell",
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

/** Switches the page to another language, loading its messages first. */
export async function setLanguage(language: Language): Promise<void> {
  if (!bundles || i18next.language === language) return;
  const { messages } = await bundles[language]();
  for (const [namespace, texts] of Object.entries(messages))
    i18next.addResourceBundle(language, namespace, texts, true, true);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
