import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StreamEvent } from "@/api/events";
import type { ChatClient, FileUploadConfig } from "./client";
import { uploadRules } from "./files/rules";
import { refsOf, shownOf, useUploads } from "./files/useUploads";
import type { Citation } from "./model/message";
import { threadOf } from "./model/thread";
import { Announcer } from "./parts/Announcer";
import { Composer } from "./parts/Composer";
import { MessageList } from "./parts/MessageList";
import { Opening } from "./parts/Opening";
import { QuestionChips } from "./parts/QuestionChips";
import type { TurnActions, TurnLook } from "./parts/turnTypes";
import { useDropZone } from "./parts/useDropZone";
import { useLatest } from "./parts/useLatest";
import { useSession } from "./parts/useSession";
import "./chat.css";

/** Few readers open a source; the others need not load its panel. */
const PassagePanel = lazy(() => import("./parts/PassagePanel"));

export interface ChatPanelProps {
  client: ChatClient;
  /** First words of the conversation; may name inputs as `{{name}}`. */
  opening?: string | undefined;
  /** Questions to begin with. */
  suggested?: string[] | undefined;
  /** Sent with each message. */
  inputs: Record<string, unknown>;
  onRunEvents?: ((event: StreamEvent) => void) | undefined;
  fileUpload?: FileUploadConfig | undefined;
  /** The conversation to show; "" or left out for a new one. */
  conversationId?: string | undefined;
  /** A new conversation has got its id. */
  onConversation?: ((id: string) => void) | undefined;
  placeholder?: string | undefined;
  /** Stands above the opening, such as a form for the inputs. */
  intro?: ReactNode;
  /** Asked before each message; false keeps it in the composer. */
  mayAsk?: (() => boolean) | undefined;
  /** Stands beside each answer. Must be stable. */
  avatar?: ReactNode;
  /** Whether the steps of a run are shown. */
  showSteps?: boolean | undefined;
  /** Shows where the forms are that a run waits for. */
  formLinks?: boolean | undefined;
  /** Whether answers can be rated. */
  showRating?: boolean | undefined;
  /** Small print under the composer. */
  note?: ReactNode;
}

/** A conversation with an app: messages, composer, files, sources. Fills its parent's height. */
export function ChatPanel(props: ChatPanelProps) {
  const { client, inputs, conversationId = "", onRunEvents, onConversation } = props;
  const { avatar = null, showSteps = true, showRating = true, formLinks = false } = props;
  const { t } = useTranslation("chat");
  const [session, state] = useSession({
    client,
    conversationId,
    onEvent: onRunEvents,
    onConversation,
  });
  const rules = useMemo(() => uploadRules(props.fileUpload), [props.fileUpload]);
  const uploads = useUploads(client, rules);
  const drop = useDropZone(rules?.methods.includes("local_file") ? uploads.add : null);
  const [cited, setCited] = useState<Citation | null>(null);
  const latestInputs = useLatest(inputs);
  const running = state.running !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation has other sources
  useEffect(() => setCited(null), [conversationId]);

  const ask = useCallback(
    (query: string, files = uploads): boolean => {
      if (props.mayAsk && !props.mayAsk()) return false;
      const question = {
        query,
        inputs: latestInputs.current,
        files: refsOf(files.items),
        shown: shownOf(files.items),
      };
      files.forget();
      void session.send(question);
      return true;
    },
    [session, uploads, latestInputs, props.mayAsk],
  );
  const actions = useMemo<TurnActions>(
    () => ({
      regenerate: (key) => void session.regenerate(key, latestInputs.current),
      choose: (group, key) => session.choose(group, key),
      rate: (key, rating) => void session.rate(key, rating),
      cite: setCited,
    }),
    [session, latestInputs],
  );
  const look = useMemo<TurnLook>(
    () => ({ avatar, showSteps, showRating, formLinks }),
    [avatar, showSteps, showRating, formLinks],
  );
  const newest = useMemo(
    () => threadOf(state.turns, state.choices).at(-1)?.turn,
    [state.turns, state.choices],
  );
  const askOrNot = running || uploads.busy ? null : (query: string) => void ask(query);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere, Escape stops from anywhere
    <section
      className="@container relative flex h-full min-h-0 w-full min-w-0"
      {...drop.handlers}
      onKeyDown={(event) => {
        if (event.key === "Escape" && running) void session.stop();
      }}
    >
      <div className="flex min-w-0 flex-1 flex-col">
        <MessageList
          {...{ session, state, actions, look }}
          head={
            <>
              {props.intro}
              <Opening
                text={props.opening}
                questions={state.turns.length > 0 ? [] : (props.suggested ?? [])}
                label={t("openers")}
                onAsk={askOrNot}
                {...{ inputs, avatar }}
              />
            </>
          }
          foot={
            <QuestionChips label={t("followUps")} questions={state.followUps} onAsk={askOrNot} />
          }
        />
        <div className="mx-auto w-full max-w-[712px] shrink-0 px-4 pb-3">
          <Composer
            {...{ rules, uploads, running }}
            placeholder={props.placeholder}
            onSend={(text) => ask(text)}
            onStop={() => void session.stop()}
          />
          {props.note && <div className="pt-2 text-center text-xs text-muted">{props.note}</div>}
        </div>
      </div>
      {cited && (
        <Suspense>
          <PassagePanel citation={cited} onClose={() => setCited(null)} />
        </Suspense>
      )}
      {drop.over && <DropNotice />}
      <Announcer answer={newest?.answer ?? null} />
    </section>
  );
}

function DropNotice() {
  const { t } = useTranslation("chat");
  return (
    <div className="pointer-events-none absolute inset-2 z-30 flex items-center justify-center rounded-card border-2 border-dashed border-brass bg-bg/85 text-md text-brass">
      {t("files.drop")}
    </div>
  );
}
