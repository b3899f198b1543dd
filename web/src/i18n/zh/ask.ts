/** Messages of a form's own page in Chinese. */
const files = import.meta.glob<object>(
  ["./ask.json", "./chat.json", "./webapp.json", "./ui.json"],
  {
    eager: true,
    import: "default",
  },
);

export const messages = Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.slice(2, -5), texts]),
);
