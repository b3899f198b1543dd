import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { ThreadEntry } from "../model/thread";
import { AnswerView } from "./AnswerView";
import { FileList } from "./FileList";
import type { TurnActions, TurnLook } from "./turnTypes";

interface TurnViewProps extends ThreadEntry {
  actions: TurnActions;
  look: TurnLook;
  /** Some answer is running, so none can be started. */
  busy: boolean;
}

/** A question and its answer. Drawn again only when this turn or its siblings change. */
const TurnView = memo(
  function TurnView({ turn, siblings, group, actions, look, busy }: TurnViewProps) {
    const { t } = useTranslation("chat");
    return (
      <>
        <div className="flex flex-col items-end gap-2 pb-5 pl-10">
          <h2 className="sr-only">{t("you")}</h2>
          {turn.files.length > 0 && <FileList files={turn.files} />}
          {turn.query && (
            <div className="max-w-full whitespace-pre-wrap break-words rounded-card border border-line bg-surface px-3.5 py-2 text-md">
              {turn.query}
            </div>
          )}
        </div>
        <AnswerView {...{ turn, siblings, group, actions, look, busy }} />
      </>
    );
  },
  (before, after) =>
    before.turn === after.turn &&
    before.busy === after.busy &&
    before.group === after.group &&
    before.look === after.look &&
    before.actions === after.actions &&
    before.siblings.length === after.siblings.length &&
    before.siblings.every((each, index) => each.key === after.siblings[index]?.key),
);

export default TurnView;
