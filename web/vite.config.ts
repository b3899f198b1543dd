/** Builds the two pages: the console (index.html) and the end users' app (app.html). */
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.ORRERY_BACKEND ?? "http://127.0.0.1:5001";
const proxied = ["/console/api", "/api", "/v1", "/files", "/mcp", "/triggers"];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    sourcemap: false,
    manifest: true,
    // Fonts stay files: inlined they would be paid for on every page.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { console: "index.html", webapp: "app.html" },
      output: {
        // Left alone, every icon and every small component becomes a request of its own.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, priority: 5 },
            {
              name: "texts",
              test: /node_modules\/(i18next|react-i18next|html-parse-stringify)\//,
              priority: 5,
            },
            {
              name: "query",
              test: /node_modules\/@tanstack\/(query-core|react-query)\//,
              priority: 5,
            },
            { name: "router", test: /node_modules\/@tanstack\//, priority: 4 },
            {
              name: "radix",
              test: /node_modules\/(@radix-ui|radix-ui|@floating-ui|aria-hidden|react-remove-scroll)/,
              priority: 4,
            },
            {
              name: "small",
              test: /src\/(api\/(client|error|json|sse|events)|theme|i18n\/(start|choice))|src\/ui\/(Button|IconButton|Mark|Spinner|CopyButton|AppIcon|toasts|Toaster|Field|errorText)|node_modules\/(clsx|zustand)/,
              priority: 3,
            },
            // What a visitor's first conversation needs comes in two pieces, not in twenty.
            {
              name: "talk",
              test: /src\/chat\/(ChatPanel|session|format|model\/|files\/(FileButtons|rules|useUploads)|parts\/(MessageList|NearRow|use\w+|Announcer|Composer|Opening|QuestionChips|failureText|Fold)\.|markdown\/(?!tex\.|colours)|chat\.css)|node_modules\/marked\//,
              priority: 4,
            },
            {
              name: "visit",
              test: /src\/webapp\/(entry|server|frame|form\/(fields|useForm)|chat\/(?!EmbedPage|accent|useHostFrame))/,
              priority: 4,
            },
            { name: "parts", test: /src\/ui\//, priority: 2 },
            { name: "icons", test: /node_modules\/lucide-react\//, minShareCount: 9, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, { target: backend }])) },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    // No test measures time: a busy machine may take as long as it needs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
