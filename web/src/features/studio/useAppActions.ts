import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { AppCard, AppDetail, Page } from "@/api/types";
import { errorText } from "@/ui/errorText";
import { saveFile } from "@/ui/saveFile";
import { actWithUndo, useToasts } from "@/ui/toasts";

/** What can be done with an app from outside it. */
export function useAppActions(
  app: Pick<AppCard, "id" | "name" | "icon_type" | "icon" | "icon_background">,
) {
  const { t } = useTranslation("studio");
  const cache = useQueryClient();
  const show = useToasts((store) => store.show);
  const complain = (error: unknown) => show({ text: errorText(error), tone: "bad" });
  const refresh = () => cache.invalidateQueries({ queryKey: ["apps"] });

  const duplicate = () => {
    const { icon_type, icon, icon_background } = app;
    const body = { name: t("copyName", { name: app.name }), icon_type, icon, icon_background };
    api.post<AppDetail>(`/apps/${app.id}/copy`, body).then(refresh, complain);
  };

  const exportFile = (secrets: boolean) => {
    api
      .get<{ data: string }>(`/apps/${app.id}/export`, { query: { include_secret: secrets } })
      .then(({ data }) => saveFile(`${app.name}.yml`, data, "application/yaml"), complain);
  };

  /** Takes the app off the screen now; the server hears of it when the time to undo is over. */
  const remove = () => {
    void cache.cancelQueries({ queryKey: ["apps"] });
    cache.setQueriesData<InfiniteData<Page<AppCard>>>({ queryKey: ["apps"] }, (old) =>
      old
        ? {
            ...old,
            pages: old.pages.map((page) => ({
              ...page,
              data: page.data.filter(({ id }) => id !== app.id),
            })),
          }
        : old,
    );
    actWithUndo({
      text: t("deleted", { name: app.name }),
      act: () => api.delete(`/apps/${app.id}`, { keepalive: true }),
      restore: () => void refresh(),
      onError: complain,
    });
  };

  return { duplicate, exportFile, remove };
}
