import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "@/chat/model/failure";
import type { Failure } from "@/chat/model/message";
import { actWithUndo, useToasts } from "@/ui/toasts";
import type { Conversation } from "../server/shapes";
import type { WebAppServer } from "../server/WebAppServer";
import {
  emptyLists,
  find,
  type Lists,
  withChange,
  withNew,
  without,
  withPage,
  withPin,
} from "./listModel";

export interface Conversations {
  lists: Lists;
  state: "loading" | "ready" | "failed";
  failure: Failure | null;
  hasMore: boolean;
  load: () => Promise<void>;
  loadMore: () => Promise<void>;
  /** Puts a conversation that has just begun into the list. */
  begun: (conversation: Conversation) => void;
  /** Lets the server find a title, once there is something to name. */
  title: (id: string) => Promise<void>;
  rename: (id: string, name: string) => Promise<void>;
  pin: (id: string, pinned: boolean) => Promise<void>;
  remove: (conversation: Conversation) => void;
}

/** The visitor's conversations. Changes show at once and are taken back when the server refuses them. */
export function useConversations(server: WebAppServer): Conversations {
  const { t } = useTranslation("webapp");
  const [lists, setLists] = useState<Lists>(emptyLists);
  const [state, setState] = useState<Conversations["state"]>("loading");
  const [failure, setFailure] = useState<Failure | null>(null);
  const [hasMore, setHasMore] = useState(false);

  const load = useCallback(async () => {
    setState("loading");
    try {
      const [pinned, recent] = await Promise.all([
        server.conversations(true, null),
        server.conversations(false, null),
      ]);
      // One that began while the list was on its way is not in it yet.
      setLists((now) => ({
        pinned: pinned.data,
        recent: [
          ...now.recent.filter((each) => !recent.data.some(({ id }) => id === each.id)),
          ...recent.data,
        ],
      }));
      setHasMore(recent.has_more);
      setState("ready");
    } catch (error) {
      setFailure(failureOf(error));
      setState("failed");
    }
  }, [server]);
  useEffect(() => void load(), [load]);

  const loadMore = async (): Promise<void> => {
    try {
      const page = await server.conversations(false, lists.recent.at(-1)?.id ?? null);
      setLists((now) => withPage(now, page.data));
      setHasMore(page.has_more);
    } catch (error) {
      setFailure(failureOf(error));
      setState("failed");
    }
  };

  /** Shows `change` and makes the call; puts `before` back when it fails. */
  const changed = async (
    change: (now: Lists) => Lists,
    call: () => Promise<unknown>,
  ): Promise<void> => {
    const before = lists;
    setLists(change);
    try {
      await call();
    } catch {
      setLists(before);
      useToasts.getState().show({ text: t("list.notSaved"), tone: "bad" });
    }
  };

  /** Names that people gave, by conversation: what a model makes up never takes their place. */
  const given = useRef(new Map<string, string>());
  const title = useCallback(
    async (id: string) => {
      if (given.current.has(id)) return;
      // Without a title the conversation keeps the name it has.
      const named = await server.nameItself(id).catch(() => null);
      const meanwhile = given.current.get(id);
      if (meanwhile !== undefined) await server.rename(id, meanwhile).catch(() => undefined);
      else if (named) setLists((now) => withChange(now, id, { name: named.name }));
    },
    [server],
  );
  const begun = useCallback(
    (conversation: Conversation) => setLists((now) => withNew(now, conversation)),
    [],
  );

  const remove = (conversation: Conversation): void => {
    const { id, name } = conversation;
    const pinned = lists.pinned.some((each) => each.id === id);
    setLists((now) => without(now, id));
    actWithUndo({
      text: t("list.deleted", { name }),
      act: () => server.remove(id),
      restore: () =>
        setLists((now) =>
          find(now, id) ? now : withPin(withPage(now, [conversation]), id, pinned),
        ),
      onError: () =>
        useToasts.getState().show({ text: t("list.notDeleted", { name }), tone: "bad" }),
    });
  };

  return {
    lists,
    state,
    failure,
    hasMore,
    load,
    loadMore,
    begun,
    title,
    rename: (id, name) => {
      given.current.set(id, name);
      return changed(
        (now) => withChange(now, id, { name }),
        () => server.rename(id, name),
      );
    },
    pin: (id, pinned) =>
      changed(
        (now) => withPin(now, id, pinned),
        () => server.pin(id, pinned),
      ),
    remove,
  };
}
