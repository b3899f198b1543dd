import { ArrowDown } from "lucide-react";
import { lazy, type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { threadOf } from "../model/thread";
import type { ChatSession, SessionState } from "../session";
import { failureText } from "./failureText";
import { NearContext, NearRow, NearWatch } from "./NearRow";
import type { TurnActions, TurnLook } from "./turnTypes";
import { useStickToEnd } from "./useStickToEnd";

/** A new conversation has no turns to show: its page need not wait for their code. */
const loadTurn = () => import("./TurnView");
const TurnView = lazy(loadTurn);

interface MessageListProps {
  session: ChatSession;
  state: SessionState;
  actions: TurnActions;
  look: TurnLook;
  /** What stands before the first message: opening words, a form. */
  head: ReactNode;
  /** What follows the last message. */
  foot: ReactNode;
}

/** As many of the newest turns are built at once. */
const EAGER = 6;

export function MessageList({ session, state, actions, look, head, foot }: MessageListProps) {
  const { t } = useTranslation("chat");
  const thread = useMemo(() => threadOf(state.turns, state.choices), [state.turns, state.choices]);
  const { scroller, content, atEnd, toEnd } = useStickToEnd(thread[0]?.turn.key);
  const watch = useNearWatch(scroller);
  useEffect(() => {
    // A failure shows when the first turn is drawn.
    loadTurn().catch(() => undefined);
  }, []);
  // A new question brings the reader to it, wherever they were.
  useEffect(() => {
    if (state.running) toEnd();
  }, [state.running, toEnd]);
  const wholeStory = state.history === "none" || state.history === "complete";
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain"
        data-chat-scroller
      >
        <div ref={content} className="mx-auto flex w-full max-w-[712px] flex-col px-4 pb-4 pt-6">
          <EarlierMessages session={session} state={state} watch={watch} />
          {wholeStory && head}
          <NearContext value={watch}>
            <ol aria-label={t("conversation")} className="flex flex-col">
              {thread.map((entry, index) => (
                <NearRow
                  key={entry.turn.key}
                  id={entry.turn.key}
                  eager={index >= thread.length - EAGER}
                >
                  <TurnView
                    {...entry}
                    actions={actions}
                    look={look}
                    busy={state.running !== null}
                  />
                </NearRow>
              ))}
            </ol>
          </NearContext>
          {foot}
        </div>
      </div>
      {!atEnd && thread.length > 0 && (
        <button
          type="button"
          onClick={toEnd}
          aria-label={t("latest")}
          title={t("latest")}
          className="appear absolute bottom-3 left-1/2 flex size-8 -translate-x-1/2 items-center justify-center rounded-full border border-line bg-raised text-muted shadow-popover hover:text-text"
        >
          <ArrowDown size={16} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

function useNearWatch(scroller: { readonly current: Element | null }): NearWatch | null {
  const [watch, setWatch] = useState<NearWatch | null>(null);
  useEffect(() => {
    const made = new NearWatch(scroller.current);
    setWatch(made);
    return () => made.end();
  }, [scroller]);
  return watch;
}

type EarlierProps = Pick<MessageListProps, "session" | "state"> & { watch: NearWatch | null };

/** Loads older pages as they come near; a button too, for keyboards and for after an error. */
function EarlierMessages({ session, state, watch }: EarlierProps) {
  const { t } = useTranslation("chat");
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const oldest = state.turns[0]?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new oldest turn must be watched for anew
  useEffect(() => {
    if (!place || !watch || state.history !== "more") return;
    return watch.watch(place, () => void session.loadEarlier());
  }, [place, watch, state.history, session, oldest]);
  if (state.history === "none" || state.history === "complete") return null;
  if (state.history === "loading") {
    return (
      <div role="status" className="flex items-center justify-center gap-2 py-4 text-muted">
        <Spinner />
        {t("history.loading")}
      </div>
    );
  }
  return (
    <div ref={setPlace} className="flex flex-col items-center gap-2 py-4 text-muted">
      {state.historyFailure && (
        <p role="alert">
          {t("history.failed")} {failureText(t, state.historyFailure)}
        </p>
      )}
      <Button small look="quiet" onClick={() => void session.loadEarlier()}>
        {t(state.historyFailure ? "actions.retry" : "history.earlier")}
      </Button>
    </div>
  );
}
