/** Before each test file: English texts, as on a fresh console. */
import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { startI18n } from "@/i18n/start";

beforeAll(async () => {
  const load = async () => {
    const [console, webapp] = await Promise.all([
      import("@/i18n/en/console"),
      import("@/i18n/en/webapp"),
    ]);
    return { messages: { ...console.messages, ...webapp.messages } };
  };
  await startI18n({ en: load, zh: load }, "en");
});

afterEach(cleanup);
