/** Before each test file: English texts, as on a fresh console. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { startI18n } from "@/i18n/start";

beforeAll(async () => {
  const load = async () => {
    const [console, webapp, ask] = await Promise.all([
      import("@/i18n/en/console"),
      import("@/i18n/en/webapp"),
      import("@/i18n/en/ask"),
    ]);
    return { messages: { ...console.messages, ...webapp.messages, ...ask.messages } };
  };
  await startI18n({ en: load, zh: load }, "en");
});

configure({ asyncUtilTimeout: 60_000 });

afterEach(cleanup);
