import { Link, useMatches } from "@tanstack/react-router";
import { Moon, Search, Sun } from "lucide-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { shownTheme, useTheme } from "@/theme/theme";
import { buttonClass } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Mark } from "@/ui/Mark";
import { AccountMenu } from "./AccountMenu";
import { WorkspaceMenu } from "./WorkspaceMenu";

const AppCrumb = lazy(() =>
  import("@/features/app/AppCrumb").then(({ AppCrumb }) => ({ default: AppCrumb })),
);

export function Header({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation("shell");
  const [theme, setTheme] = useTheme();
  const shown = shownTheme(theme);
  const appId = useMatches({
    select: (matches) => {
      for (const match of matches) if ("appId" in match.params) return match.params.appId;
      return undefined;
    },
  });
  return (
    <header className="col-span-full flex items-center gap-1 border-b border-line bg-surface pl-3 pr-2 sm:pl-0">
      <Link
        to="/studio"
        aria-label={t("studio")}
        className="flex w-8 shrink-0 justify-center text-brass sm:w-16"
      >
        <Mark size={26} />
      </Link>
      <div className="flex min-w-0 flex-1 items-center gap-1">
        <WorkspaceMenu />
        {appId && (
          <Suspense>
            <AppCrumb appId={appId} />
          </Suspense>
        )}
      </div>
      <button
        type="button"
        onClick={onSearch}
        className={`${buttonClass("outline")} text-muted max-sm:hidden`}
      >
        <Search size={14} aria-hidden="true" />
        {t("search")}
        <kbd className="ml-3 text-xs">{navigator.platform.startsWith("Mac") ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <IconButton
        className="sm:hidden"
        label={t("search")}
        icon={<Search size={16} />}
        onClick={onSearch}
      />
      <IconButton
        label={shown === "dark" ? t("themeToLight") : t("themeToDark")}
        icon={shown === "dark" ? <Sun size={16} /> : <Moon size={16} />}
        onClick={() => setTheme(shown === "dark" ? "light" : "dark")}
      />
      <AccountMenu />
    </header>
  );
}
