import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { AppDetail } from "@/api/types";
import { keysQuery } from "@/features/keys/KeyList";
import { CopyButton } from "@/ui/CopyButton";
import { useAppForm } from "../test/useAppForm";
import { type SnippetLanguage, snippet } from "./snippets";

const languages: readonly SnippetLanguage[] = ["curl", "python", "javascript"];

/** Calls to paste, filled with this app's variables. The key on the screen is a placeholder, the copied one is real. */
export function Examples({ app, base }: { app: AppDetail; base: string }) {
  const { t } = useTranslation("publish");
  const search = useSearch({ from: "/framed/app/$appId/publish" });
  const navigate = useNavigate({ from: "/app/$appId/publish" });
  const { fields } = useAppForm(app);
  const key = useQuery(keysQuery(`/apps/${app.id}/api-keys`)).data?.[0]?.token ?? "app-…";
  const language = search.lang ?? "curl";
  const change = (value: string) =>
    void navigate({
      search: { lang: value === "python" || value === "javascript" ? value : undefined },
      replace: true,
    });
  return (
    <Tabs.Root value={language} onValueChange={change}>
      <div className="flex items-end border-b border-line">
        <Tabs.List aria-label={t("examples")} className="flex flex-1 gap-4">
          {languages.map((one) => (
            <Tabs.Trigger
              key={one}
              value={one}
              className="-mb-px border-b-2 border-transparent pb-1.5 text-muted hover:text-text data-[state=active]:border-brass data-[state=active]:font-medium data-[state=active]:text-text"
            >
              {t(`languages.${one}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <CopyButton
          text={snippet(language, { mode: app.mode, fields, base, key })}
          label={t("copyExample")}
        />
      </div>
      {languages.map((one) => (
        <Tabs.Content key={one} value={one}>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling block must be reachable by keyboard
            tabIndex={0}
            className="overflow-x-auto rounded-b-control border border-t-0 border-line bg-bg p-3"
          >
            {snippet(one, {
              mode: app.mode,
              fields,
              base,
              key: key.length > 7 ? `${key.slice(0, 7)}…` : key,
            })}
          </pre>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
