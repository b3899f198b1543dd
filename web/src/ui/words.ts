/** Reads the server's texts in several languages. */
export function words(
  value: { en_US?: string; zh_Hans?: string } | null | undefined,
  language: string,
): string {
  const own = language.startsWith("zh") ? value?.zh_Hans : value?.en_US;
  return own || value?.en_US || value?.zh_Hans || "";
}
