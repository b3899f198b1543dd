/** Messages of the end users' app in Chinese. */
const files = import.meta.glob<object>(["./chat.json", "./webapp.json", "./ui.json"], {
  eager: true,
  import: "default",
});

export const messages = Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.slice(2, -5), texts]),
);
