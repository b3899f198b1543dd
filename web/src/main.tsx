/** Entry of the console. */
import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/queryClient";
import { profileQuery } from "./features/account/queries";
import { chosenLanguage } from "./i18n/choice";
import { startI18n } from "./i18n/start";
import { createConsoleRouter } from "./router/router";
import { Toaster } from "./ui/Toaster";

async function start(root: HTMLElement): Promise<void> {
  await startI18n(
    { en: () => import("./i18n/en/console"), zh: () => import("./i18n/zh/console") },
    chosenLanguage(),
  );
  const cache = createQueryClient(() => {
    // Only where somebody was signed in; the guard itself asks for the profile of nobody.
    if (!cache.getQueryData(profileQuery.queryKey)) return;
    cache.removeQueries({ queryKey: profileQuery.queryKey });
    void router.invalidate();
  });
  const router = createConsoleRouter(cache);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
        <Toaster />
      </QueryClientProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) void start(root);
