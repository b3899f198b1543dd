/** Splits what a person pasted (commas, spaces, lines) into addresses and things that are none. */
export function splitEmails(text: string): { good: string[]; bad: string[] } {
  const words = [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
  const isEmail = (word: string): boolean => /^[^@\s]+@[^@\s]+$/.test(word);
  return { good: words.filter(isEmail), bad: words.filter((word) => !isEmail(word)) };
}
