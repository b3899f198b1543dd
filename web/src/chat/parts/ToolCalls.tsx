import { Wrench } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Thought } from "../model/message";
import { Fold } from "./Fold";

interface ToolCallsProps {
  thoughts: Thought[];
  running: boolean;
}

/** The tools an agent used, one line each. */
export function ToolCalls({ thoughts, running }: ToolCallsProps) {
  const { t } = useTranslation("chat");
  return thoughts
    .filter((thought) => thought.tool)
    .map((thought) => {
      const tools = thought.tool.split(";").filter(Boolean).join(", ");
      const using = running && !thought.observation;
      return (
        <Fold
          key={thought.id}
          summary={
            <span className="flex min-w-0 items-center gap-1.5">
              <Wrench size={13} aria-hidden="true" className={using ? "text-brass" : ""} />
              <span className="truncate">{t(using ? "tools.using" : "tools.used", { tools })}</span>
            </span>
          }
        >
          <Part label={t("tools.input")} text={thought.input} />
          <Part label={t("tools.output")} text={thought.observation} />
        </Fold>
      );
    });
}

function Part({ label, text }: { label: string; text: string }) {
  if (!text) return null;
  return (
    <div className="pb-2">
      <div className="text-xs text-muted">{label}</div>
      <pre className="max-h-60 overflow-auto whitespace-pre-wrap break-words">{pretty(text)}</pre>
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
