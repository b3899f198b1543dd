import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay, Ellipsis, Power, RotateCw, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { Page } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { errorText } from "@/ui/errorText";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuItems } from "@/ui/Menu";
import { RelativeTime } from "@/ui/RelativeTime";
import { actWithUndo, useToasts } from "@/ui/toasts";
import type { DocumentState, KnowledgeDocument, Progress } from "./queries";

type DocumentPages = InfiniteData<Page<KnowledgeDocument>>;

interface DocumentRowProps {
  datasetId: string;
  document: KnowledgeDocument;
  progress: Progress | undefined;
}

const tones: Partial<Record<DocumentState, string>> = {
  available: "text-ok",
  error: "text-bad",
  paused: "text-warn",
};

/** What can be done with a document in each state; deleting always can. */
export const actionsOf: Record<DocumentState, readonly Action[]> = {
  queuing: ["pause"],
  indexing: ["pause"],
  paused: ["resume"],
  error: ["retry"],
  available: ["disable"],
  disabled: ["enable"],
  archived: [],
};

type Action = "pause" | "resume" | "retry" | "enable" | "disable";

const icons: Record<Action, ReactNode> = {
  pause: <CirclePause size={14} />,
  resume: <CirclePlay size={14} />,
  retry: <RotateCw size={14} />,
  enable: <Power size={14} />,
  disable: <Power size={14} />,
};

export function DocumentRow({ datasetId, document, progress }: DocumentRowProps) {
  const { t } = useTranslation(["knowledge", "ui"]);
  const { teach } = useAbilities();
  const state = document.display_status;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <div className="min-w-40 flex-1">
        <p className="truncate font-medium">{document.name}</p>
        <p className="text-xs text-muted">
          {document.word_count ? (
            <>
              {t("knowledge:words", { count: document.word_count })}
              {" · "}
              {t("knowledge:hits", { count: document.hit_count ?? 0 })}
              {" · "}
            </>
          ) : null}
          <RelativeTime seconds={document.created_at} />
        </p>
        {document.error && <p className="break-words text-xs text-bad">{document.error}</p>}
      </div>
      <div className="text-right text-xs">
        <span className={tones[state] ?? "text-muted"}>{t(`knowledge:status.${state}`)}</span>
        {progress && state === "indexing" && progress.total_segments > 0 && (
          <Bar done={progress.completed_segments} all={progress.total_segments} />
        )}
      </div>
      {teach && <DocumentMenu datasetId={datasetId} document={document} />}
    </li>
  );
}

function Bar({ done, all }: { done: number; all: number }) {
  const { t } = useTranslation("knowledge");
  return (
    <progress
      className="mt-1 block h-1 w-24 appearance-none overflow-hidden rounded-full bg-line [&::-moz-progress-bar]:bg-brass [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-brass"
      aria-label={t("passages", { done, all })}
      title={t("passages", { done, all })}
      value={done}
      max={all}
    />
  );
}

function DocumentMenu({ datasetId, document }: Omit<DocumentRowProps, "progress">) {
  const { t } = useTranslation(["knowledge", "ui"]);
  const cache = useQueryClient();
  const show = useToasts((store) => store.show);
  const complain = (error: unknown) => show({ text: errorText(error), tone: "bad" });
  const refresh = () => cache.invalidateQueries({ queryKey: ["dataset", datasetId] });
  const act = useMutation({
    mutationFn: (action: Action) => send(datasetId, document.id, action),
    onSettled: refresh,
    onError: complain,
  });
  const remove = () => {
    // Out of sight at once; an undo brings it back.
    cache.setQueriesData<DocumentPages>({ queryKey: ["dataset", datasetId, "documents"] }, (old) =>
      old ? { ...old, pages: old.pages.map((page) => without(page, document.id)) } : old,
    );
    actWithUndo({
      text: t("knowledge:deleted", { name: document.name }),
      act: () =>
        api
          .delete(`/datasets/${datasetId}/documents?document_id=${document.id}`, {
            keepalive: true,
          })
          .then(refresh),
      restore: () => void refresh(),
      onError: complain,
    });
  };
  const items: MenuItems = [
    ...actionsOf[document.display_status].map((action) => ({
      key: action,
      label: t(`knowledge:${action}`),
      icon: icons[action],
      disabled: act.isPending,
      onSelect: () => act.mutate(action),
    })),
    {
      key: "delete",
      label: t("knowledge:delete"),
      icon: <Trash2 size={14} />,
      danger: true,
      onSelect: remove,
    },
  ];
  return (
    <Menu
      heading={document.name}
      trigger={<IconButton small label={t("ui:more")} icon={<Ellipsis size={16} />} />}
      items={items}
    />
  );
}

function without(page: Page<KnowledgeDocument>, id: string): Page<KnowledgeDocument> {
  return { ...page, data: page.data.filter((one) => one.id !== id) };
}

function send(datasetId: string, documentId: string, action: Action): Promise<unknown> {
  const base = `/datasets/${datasetId}`;
  if (action === "retry") return api.post(`${base}/retry`, { document_ids: [documentId] });
  if (action === "pause" || action === "resume")
    return api.patch(`${base}/documents/${documentId}/processing/${action}`);
  return api.patch(`${base}/documents/status/${action}/batch?document_id=${documentId}`);
}
