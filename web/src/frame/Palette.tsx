import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CornerDownLeft, FileText } from "lucide-react";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";
import { appsQuery } from "@/features/studio/queries";
import { AppIcon } from "@/ui/AppIcon";
import { useFocusBack } from "@/ui/useFocusBack";

interface Entry {
  id: string;
  label: string;
  group: "apps" | "pages";
  icon: ReactNode;
  go: () => Promise<void>;
}

/** ⌘K: go to an app or a page by a few letters of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["shell", "settings"]);
  const { manage, teach } = useAbilities();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const name = useDeferredValue(text.trim());
  const listId = useId();
  const focusBack = useFocusBack();
  const navigate = useNavigate();
  const apps = useInfiniteQuery(appsQuery({ name: name || undefined }));

  const page = (label: string, go: () => Promise<void>): Entry => ({
    id: label,
    label,
    group: "pages",
    icon: <FileText size={16} className="text-muted" />,
    go,
  });
  const pages = [
    page(t("shell:studio"), () => navigate({ to: "/studio" })),
    ...(teach ? [page(t("shell:knowledge"), () => navigate({ to: "/knowledge" }))] : []),
    page(t("settings:models"), () => navigate({ to: "/settings/models" })),
    page(t("settings:members"), () => navigate({ to: "/settings/members" })),
    page(t("settings:workspace"), () => navigate({ to: "/settings/workspace" })),
    ...(manage ? [page(t("settings:system"), () => navigate({ to: "/settings/system" }))] : []),
    page(t("settings:account"), () => navigate({ to: "/settings/account" })),
    page(t("settings:language"), () => navigate({ to: "/settings/language" })),
  ].filter(({ label }) => label.toLowerCase().includes(name.toLowerCase()));
  const found = (apps.data?.pages[0]?.data ?? []).slice(0, 8).map(
    (app): Entry => ({
      id: app.id,
      label: app.name,
      group: "apps",
      icon: <AppIcon icon={app} size={20} />,
      go: () => navigate({ to: "/app/$appId", params: { appId: app.id } }),
    }),
  );
  const entries = [...found, ...pages];
  const active = Math.min(at, entries.length - 1);
  const open = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    void entry.go();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setAt(Math.min(active + 1, entries.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(active - 1, 0));
    else if (event.key === "Enter") open(entries[active]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(13_18_32/45%)]" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={focusBack}
          className="appear fixed left-1/2 top-[12dvh] z-50 w-[calc(100vw-24px)] max-w-lg -translate-x-1/2 overflow-hidden rounded-card border border-line bg-raised shadow-popover"
        >
          <Dialog.Title className="sr-only">{t("shell:search")}</Dialog.Title>
          <input
            role="combobox"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={entries[active] ? `${listId}-${active}` : undefined}
            aria-label={t("shell:paletteHint")}
            placeholder={t("shell:paletteHint")}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={keys}
            className="h-12 w-full border-b border-line bg-transparent px-4 text-md outline-none placeholder:text-muted"
          />
          <div
            id={listId}
            role="listbox"
            aria-label={t("shell:search")}
            className="max-h-[50dvh] overflow-y-auto p-1"
          >
            {entries.map((entry, index) => (
              <div key={entry.group + entry.id}>
                {entries[index - 1]?.group !== entry.group && (
                  <div role="presentation" className="px-3 pb-1 pt-2 text-xs text-muted">
                    {entry.group === "apps" ? t("shell:apps") : t("shell:pages")}
                  </div>
                )}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above handles the keys of its options */}
                <div
                  id={`${listId}-${index}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === active}
                  onClick={() => open(entry)}
                  onMouseMove={() => setAt(index)}
                  className="flex cursor-pointer items-center gap-3 rounded-control px-3 py-2 aria-selected:bg-brass-soft"
                >
                  {entry.icon}
                  <span className="min-w-0 flex-1 truncate">{entry.label}</span>
                  {index === active && (
                    <CornerDownLeft size={14} aria-hidden="true" className="text-muted" />
                  )}
                </div>
              </div>
            ))}
          </div>
          {entries.length === 0 && (
            <p className="px-4 pb-4 pt-2 text-muted">{t("shell:paletteNothing")}</p>
          )}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
