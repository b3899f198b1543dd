import { useCallback, useEffect, useState } from "react";
import { CONVERSATION } from "../entry/place";

interface OpenConversation {
  id: string;
  /** Changes when another conversation is opened, not when the open one gets its id. */
  visit: number;
  open: (id: string) => void;
  begun: (id: string) => void;
}

/** The open conversation, kept in the address: links, reloads and the back button lead to it. */
export function useOpenConversation(first: string): OpenConversation {
  const [{ id, visit }, set] = useState({ id: first, visit: 0 });
  const open = useCallback((next: string) => {
    history.pushState(null, "", address(next));
    set((now) => ({ id: next, visit: now.visit + 1 }));
  }, []);
  const begun = useCallback((next: string) => {
    history.replaceState(null, "", address(next));
    set((now) => ({ ...now, id: next }));
  }, []);
  useEffect(() => {
    const onBack = (): void => {
      const shown = new URL(location.href).searchParams.get(CONVERSATION) ?? "";
      set((now) => ({ id: shown, visit: now.visit + 1 }));
    };
    addEventListener("popstate", onBack);
    return () => removeEventListener("popstate", onBack);
  }, []);
  return { id, visit, open, begun };
}

function address(id: string): string {
  const url = new URL(location.href);
  if (id) url.searchParams.set(CONVERSATION, id);
  else url.searchParams.delete(CONVERSATION);
  return url.pathname + url.search;
}
