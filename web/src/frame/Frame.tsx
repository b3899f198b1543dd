/** What surrounds every signed-in page: rail at the left (a bar at the bottom of phones) and the header. */
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Loading } from "@/ui/Loading";
import { Header } from "./Header";
import { Rail } from "./Rail";
import { useShortcut } from "./useShortcut";

const Palette = lazy(() => import("./Palette").then(({ Palette }) => ({ default: Palette })));

export function Frame() {
  const { t } = useTranslation("shell");
  const [palette, setPalette] = useState(false);
  useShortcut("k", () => setPalette(true));
  return (
    <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[48px_minmax(0,1fr)_auto] sm:grid-cols-[64px_minmax(0,1fr)] sm:grid-rows-[48px_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded-control bg-raised px-3 py-1.5 focus:not-sr-only focus:absolute focus:left-2 focus:top-2"
      >
        {t("skip")}
      </a>
      <Header onSearch={() => setPalette(true)} />
      <Rail />
      <main
        id="content"
        tabIndex={-1}
        className="row-start-2 flex min-h-0 min-w-0 flex-col overflow-y-auto outline-none sm:col-start-2"
      >
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}
