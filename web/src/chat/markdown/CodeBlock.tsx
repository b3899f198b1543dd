import { Check, Copy } from "lucide-react";
import { memo, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCopy } from "../parts/useCopy";

interface CodeBlockProps {
  code: string;
  language: string;
  /** Lines may still be added; colours wait until none are. */
  open?: boolean;
}

/** Colouring stops paying above this many characters. */
const LIMIT = 60_000;

export const CodeBlock = memo(function CodeBlock({ code, language, open = false }: CodeBlockProps) {
  const { t } = useTranslation("chat");
  const [copied, copy] = useCopy();
  const coloured = useColours(code, language, !open && code.length <= LIMIT);
  const Icon = copied ? Check : Copy;
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language || t("code.plain")}</span>
        <button type="button" onClick={() => copy(code)}>
          <Icon size={13} aria-hidden="true" />
          {copied ? t("copied") : t("copy")}
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, by keyboard too */}
      <pre tabIndex={0}>
        <code>{coloured ?? code}</code>
      </pre>
    </figure>
  );
});

/** The code in colours, null until they are there or when the language is not known. */
function useColours(code: string, language: string, wanted: boolean): ReactNode {
  const [done, setDone] = useState<{ code: string; nodes: ReactNode } | null>(null);
  useEffect(() => {
    if (!wanted || !language) return;
    let gone = false;
    import("./colours")
      .then(({ colours }) => colours(code, language))
      .then(
        (nodes) => gone || (nodes && setDone({ code, nodes })),
        () => undefined,
      );
    return () => {
      gone = true;
    };
  }, [code, language, wanted]);
  return done?.code === code ? done.nodes : null;
}
