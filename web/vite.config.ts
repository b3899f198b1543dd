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
    rolldownOptions: { input: { console: "index.html", webapp: "app.html" } },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, { target: backend }])) },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
  },
});
