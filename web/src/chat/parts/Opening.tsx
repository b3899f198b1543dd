import type { ReactNode } from "react";
import { Markdown } from "../markdown/Markdown";
import { QuestionChips } from "./QuestionChips";

interface OpeningProps {
  text: string | undefined;
  questions: readonly string[];
  /** What was filled in; the words may name it as `{{name}}`. */
  inputs: Record<string, unknown>;
  avatar: ReactNode;
  label: string;
  onAsk: ((question: string) => void) | null;
}

/** The first words of a conversation, and questions to begin with. */
export function Opening({ text, questions, inputs, avatar, label, onAsk }: OpeningProps) {
  if (!text && questions.length === 0) return null;
  return (
    <div className="flex gap-3 pb-7">
      {avatar && <div className="hidden shrink-0 pt-0.5 @[520px]:block">{avatar}</div>}
      <div className="flex min-w-0 flex-1 flex-col gap-4">
        {text && <Markdown text={filled(text, inputs)} />}
        <QuestionChips label={label} questions={questions} onAsk={onAsk} />
      </div>
    </div>
  );
}

/** `text` with `{{name}}` replaced by what was filled in; names without a value stay. */
export function filled(text: string, inputs: Record<string, unknown>): string {
  return text.replace(/\{\{\s*([^{}\s]+)\s*\}\}/g, (whole, name: string) => {
    const value = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    return typeof value === "string" || typeof value === "number" ? String(value) : whole;
  });
}
