import { type ComponentType, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "@/ui/Mark";
import { Toaster } from "@/ui/Toaster";
import type { OpenApp } from "./app";
import type { PageKind } from "./place";

type Page = ComponentType<{ app: OpenApp }>;
const loads = {
  chat: () => import("../chat/ChatPage"),
  chatbot: () => import("../chat/EmbedPage"),
  form: () => import("../run/RunPage"),
};
const pages: Record<PageKind, Page> = {
  chat: lazy(loads.chat),
  chatbot: lazy(loads.chatbot),
  completion: lazy(loads.form),
  workflow: lazy(loads.form),
};

/** Fetches the code of a page while its data is still on the way. */
export function preload(kind: PageKind): void {
  const load = kind === "chat" || kind === "chatbot" ? loads[kind] : loads.form;
  // A failure shows where the page is drawn.
  load().catch(() => undefined);
}

export function WebApp({ app }: { app: OpenApp }) {
  const Page = pages[app.place.kind];
  return (
    <>
      <Suspense fallback={<Opening />}>
        <Page app={app} />
      </Suspense>
      {/* Above the composer, which stands where toasts do on other pages. */}
      <div className="contents [&>.fixed]:bottom-32!">
        <Toaster />
      </div>
    </>
  );
}

function Opening() {
  const { t } = useTranslation("webapp");
  return (
    <div role="status" className="flex min-h-dvh items-center justify-center text-brass">
      <Mark size={40} running />
      <span className="sr-only">{t("loading")}</span>
    </div>
  );
}
