import { Maximize2, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import type { OpenApp } from "../entry/app";
import { SiteIcon } from "../frame/SiteIcon";
import { headColours } from "./accent";
import { ChatView } from "./ChatView";
import { useHostFrame } from "./useHostFrame";

/** The chat inside another site: one conversation, no list. It is there again after a reload. */
export default function EmbedPage({ app }: { app: OpenApp }) {
  const { t } = useTranslation("webapp");
  const { site, place } = app;
  const key = `conversation-${place.code}-${place.userId ?? ""}`;
  const [{ id, visit }, set] = useState(() => ({
    id: place.conversationId || read(key),
    visit: 0,
  }));
  const { expand } = useHostFrame();
  const colours = headColours(site.chat_color_theme, site.chat_color_theme_inverted === true);
  const onBegun = (next: string): void => {
    write(key, next);
    set((now) => ({ ...now, id: next }));
  };
  const reset = (): void => {
    write(key, "");
    set((now) => ({ id: "", visit: now.visit + 1 }));
  };
  const button = colours ? "[color:inherit]! hover:bg-black/10" : "";
  return (
    <main className="flex h-dvh flex-col">
      <header
        className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-surface px-3"
        style={colours ?? undefined}
      >
        <SiteIcon site={site} size={26} />
        <h1 className="min-w-0 flex-1 truncate text-md">{site.title}</h1>
        {expand && (
          <IconButton
            className={button}
            label={t("chat.expand")}
            icon={<Maximize2 size={16} aria-hidden="true" />}
            onClick={expand}
          />
        )}
        <IconButton
          className={button}
          label={t("chat.reset")}
          icon={<RotateCcw size={16} aria-hidden="true" />}
          onClick={reset}
        />
      </header>
      <div className="min-h-0 flex-1">
        <ChatView
          key={visit}
          app={app}
          conversationId={id}
          known={undefined}
          onBegun={onBegun}
          onAnswered={ignore}
        />
      </div>
    </main>
  );
}

/** There is no list here that would show a title. */
function ignore(): void {}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Without storage the conversation lasts as long as the page.
  }
}
