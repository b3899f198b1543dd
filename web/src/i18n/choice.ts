/** The language this browser shows before the account's own setting is known. */
import { type Language, languageOf } from "./start";

const KEY = "language";

export function rememberLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
}

export function chosenLanguage(): Language {
  return languageOf(localStorage.getItem(KEY) ?? navigator.language);
}
