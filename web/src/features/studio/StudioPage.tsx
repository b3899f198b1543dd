import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { LayoutGrid, List, Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAbilities } from "@/features/account/roles";
import { modes } from "@/features/app/modes";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/errorText";
import { TextField } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Loading } from "@/ui/Loading";
import { Mark } from "@/ui/Mark";
import { Notice } from "@/ui/Notice";
import { useDebounced } from "@/ui/useDebounced";
import { useTitle } from "@/ui/useTitle";
import { AppTile } from "./AppTile";
import { CreateDialog } from "./CreateDialog";
import { DropZone } from "./DropZone";
import { appsQuery } from "./queries";

export function StudioPage() {
  const { t } = useTranslation("studio");
  useTitle(t("title"));
  const search = useSearch({ from: "/framed/studio" });
  const navigate = useNavigate({ from: "/studio" });
  const { edit } = useAbilities();
  const [name, setName] = useState(search.name ?? "");
  const [dropped, setDropped] = useState<File>();
  const wanted = useDebounced(name.trim(), 250);
  useEffect(() => {
    void navigate({ search: (old) => ({ ...old, name: wanted || undefined }), replace: true });
  }, [wanted, navigate]);

  const apps = useInfiniteQuery(appsQuery(search));
  const list = apps.data?.pages.flatMap((page) => page.data) ?? [];
  const filtered = Boolean(search.mode || search.name || search.mine);
  const create = (kind: "blank" | "example" | "import" | undefined) =>
    void navigate({ search: (old) => ({ ...old, create: kind }) });
  const importFile = (file: File) => {
    setDropped(file);
    create("import");
  };

  const body = () => {
    if (apps.isPending) return <Loading />;
    if (apps.error) return <Notice tone="bad">{errorText(apps.error)}</Notice>;
    if (list.length === 0 && filtered)
      return <EmptyState title={t("nothingFound")} text={t("nothingFoundText")} />;
    if (list.length === 0)
      return (
        <EmptyState
          icon={<Mark size={44} />}
          title={t("emptyTitle")}
          text={t("emptyText")}
          action={
            edit && (
              <>
                <Button look="primary" onClick={() => create("example")}>
                  {t("fromExample")}
                </Button>
                <Button onClick={() => create("blank")}>{t("blank")}</Button>
                <Button onClick={() => create("import")}>{t("import")}</Button>
              </>
            )
          }
        />
      );
    const view = search.view ?? "cards";
    return (
      <>
        <ul
          className={
            view === "list"
              ? "divide-y divide-line rounded-card border border-line bg-surface"
              : "grid grid-cols-[repeat(auto-fill,minmax(min(260px,100%),1fr))] gap-3"
          }
        >
          {list.map((app) => (
            <AppTile key={app.id} app={app} view={view} />
          ))}
        </ul>
        <More
          load={() => void apps.fetchNextPage()}
          has={apps.hasNextPage && !apps.isFetchingNextPage}
        />
      </>
    );
  };

  return (
    <DropZone enabled={edit} onFile={importFile}>
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-4 p-4 sm:p-6">
        <div className="flex items-center gap-2">
          <h1 className="flex-1 text-xl">{t("title")}</h1>
          {edit && (
            <Button look="primary" icon={<Plus size={14} />} onClick={() => create("blank")}>
              {t("create")}
            </Button>
          )}
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <div role="group" aria-label={t("type")} className="flex flex-wrap gap-1">
            {[undefined, ...modes].map((mode) => (
              <button
                key={mode ?? "all"}
                type="button"
                aria-pressed={search.mode === mode}
                onClick={() => void navigate({ search: (old) => ({ ...old, mode }) })}
                className="h-7 rounded-full border border-transparent px-2.5 text-xs text-muted hover:text-text aria-pressed:border-line aria-pressed:bg-surface aria-pressed:font-medium aria-pressed:text-text"
              >
                {mode ? t(`modes.${mode}`) : t("all")}
              </button>
            ))}
          </div>
          <label className="flex items-center gap-1.5 px-1 text-xs text-muted">
            <input
              type="checkbox"
              checked={search.mine ?? false}
              onChange={(event) =>
                void navigate({
                  search: (old) => ({ ...old, mine: event.target.checked || undefined }),
                })
              }
              className="accent-brass"
            />
            {t("mine")}
          </label>
          <TextField
            bare
            type="search"
            label={t("searchName")}
            placeholder={t("searchName")}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="ml-auto w-full sm:w-56"
          />
          <IconButton
            label={search.view === "list" ? t("asCards") : t("asList")}
            icon={search.view === "list" ? <LayoutGrid size={16} /> : <List size={16} />}
            onClick={() =>
              void navigate({
                search: (old) => ({ ...old, view: old.view === "list" ? undefined : "list" }),
              })
            }
          />
        </div>
        {body()}
      </div>
      {search.create && (
        <CreateDialog
          kind={search.create}
          file={dropped}
          onKind={create}
          onClose={() => {
            setDropped(undefined);
            create(undefined);
          }}
        />
      )}
    </DropZone>
  );
}

/** Asks for the next page when the end of the list comes into view. */
function More({ load, has }: { load: () => void; has: boolean }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!has || !mark.current) return;
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), {
      rootMargin: "400px",
    });
    watch.observe(mark.current);
    return () => watch.disconnect();
  }, [has, load]);
  return <div ref={mark} />;
}
