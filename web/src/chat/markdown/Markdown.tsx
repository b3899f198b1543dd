import { memo, useMemo, useRef } from "react";
import { Block } from "./Block";
import { GrowingText } from "./blocks";
import { closeOpenMarks } from "./tail";
import "./markdown.css";

interface MarkdownProps {
  text: string;
  /** The text is still arriving: open marks are closed, code is not coloured yet. */
  growing?: boolean;
}

/**
 * Markdown as React elements. Raw HTML in the text stays text, and settled
 * blocks keep their elements while the text grows.
 */
export const Markdown = memo(function Markdown({ text, growing = false }: MarkdownProps) {
  const reader = useRef<GrowingText>(undefined);
  const blocks = useMemo(() => {
    reader.current ??= new GrowingText();
    return growing ? reader.current.update(closeOpenMarks(text)) : reader.current.finish(text);
  }, [text, growing]);
  const last = blocks.length - 1;
  return (
    <div className="prose-answer">
      {blocks.map((block, index) => (
        // Blocks are only ever added at the end, so the place is the identity.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Block key={index} token={block} open={growing && index === last} />
      ))}
    </div>
  );
});
