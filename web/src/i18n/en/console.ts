/** All messages of the console in English. */
const files = import.meta.glob<object>(["./*.json", "!./webapp.json", "!./ask.json"], {
  eager: true,
  import: "default",
});

export const messages = Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.slice(2, -5), texts]),
);
