import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import type { ApiKey } from "@/api/types";
import { useAbilities } from "@/features/account/roles";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { errorText } from "@/ui/errorText";
import { IconButton } from "@/ui/IconButton";
import { Notice } from "@/ui/Notice";
import { RelativeTime } from "@/ui/RelativeTime";
import { actWithUndo, useToasts } from "@/ui/toasts";

/** Keys below an address of the console: those of an app, or those of the workspace's knowledge. */
export const keysQuery = (path: string) =>
  queryOptions({
    queryKey: ["keys", path],
    queryFn: async ({ signal }) => (await api.get<{ data: ApiKey[] }>(path, { signal })).data,
  });

interface KeyListProps {
  path: string;
  /** Said where there is no key yet. */
  empty?: string;
}

export function KeyList({ path, empty }: KeyListProps) {
  const { t } = useTranslation("publish");
  const { edit, manage } = useAbilities();
  const keys = useQuery(keysQuery(path));
  const cache = useQueryClient();
  const show = useToasts((store) => store.show);
  const { queryKey } = keysQuery(path);
  const create = useMutation({
    mutationFn: () => api.post<ApiKey>(path, {}),
    onSuccess: () => cache.invalidateQueries({ queryKey }),
  });
  const remove = (key: ApiKey) => {
    cache.setQueryData(queryKey, (old) => old?.filter(({ id }) => id !== key.id));
    actWithUndo({
      text: t("keyDeleted"),
      act: () => api.delete(`${path}/${key.id}`, { keepalive: true }),
      restore: () => void cache.invalidateQueries({ queryKey }),
      onError: (error) => show({ text: errorText(error), tone: "bad" }),
    });
  };
  const error = keys.error ?? create.error;
  return (
    <div>
      <div className="mb-2 flex items-center gap-2">
        <h3 className="flex-1 text-xs text-muted">{t("keys")}</h3>
        {edit && (
          <Button
            small
            icon={<KeyRound size={13} />}
            busy={create.isPending}
            onClick={() => create.mutate()}
          >
            {t("newKey")}
          </Button>
        )}
      </div>
      {error && <Notice tone="bad">{errorText(error)}</Notice>}
      {keys.data?.length === 0 && <p className="text-muted">{empty ?? t("noKeys")}</p>}
      <ul className="divide-y divide-line rounded-control border border-line empty:hidden">
        {keys.data?.map((key) => (
          <li key={key.id} className="flex items-center gap-2 px-3 py-1">
            <code className="min-w-0 flex-1 truncate">{masked(key.token)}</code>
            <span className="hidden text-xs text-muted sm:block">
              {key.last_used_at ? (
                <>
                  {t("used")} <RelativeTime seconds={key.last_used_at} />
                </>
              ) : (
                t("neverUsed")
              )}
            </span>
            <CopyButton text={key.token} label={t("copyKey")} />
            {manage && (
              <IconButton
                small
                label={t("deleteKey")}
                icon={<Trash2 size={14} />}
                onClick={() => remove(key)}
              />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Enough to tell keys apart, too little to use one seen over a shoulder. */
function masked(token: string): string {
  return `${token.slice(0, 7)}…${token.slice(-4)}`;
}
