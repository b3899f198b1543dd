interface QuestionChipsProps {
  label: string;
  questions: readonly string[];
  /** Null while nothing can be asked. */
  onAsk: ((question: string) => void) | null;
}

/** Questions that are asked by a click. */
export function QuestionChips({ label, questions, onAsk }: QuestionChipsProps) {
  const shown = questions.filter((question) => question.trim());
  if (shown.length === 0) return null;
  return (
    <div>
      <p className="pb-1.5 text-xs text-muted">{label}</p>
      <ul className="flex flex-wrap gap-2">
        {shown.map((question) => (
          <li key={question} className="max-w-full">
            <button
              type="button"
              disabled={!onAsk}
              onClick={() => onAsk?.(question)}
              className="appear max-w-full break-words rounded-control border border-line bg-surface px-3 py-1.5 text-left hover:border-brass hover:text-brass disabled:opacity-50"
            >
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
