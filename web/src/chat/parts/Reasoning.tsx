import { useTranslation } from "react-i18next";
import { Markdown } from "../markdown/Markdown";
import { Fold } from "./Fold";

interface ReasoningProps {
  text: string;
  /** The model is still thinking. */
  open: boolean;
}

/** What a model thought aloud, folded away: it is not the answer. */
export function Reasoning({ text, open }: ReasoningProps) {
  const { t } = useTranslation("chat");
  return (
    <Fold
      summary={
        <span className={open ? "text-brass" : ""}>
          {t(open ? "thinking.now" : "thinking.done")}
        </span>
      }
    >
      <div className="text-muted [&_.prose-answer]:text-[13px]">
        <Markdown text={text} growing={open} />
      </div>
    </Fold>
  );
}
