import type { Tokens } from "marked";
import { createElement, memo } from "react";
import { CodeBlock } from "./CodeBlock";
import { Formula } from "./Formula";
import type { MathToken, Token } from "./grammar";
import { Inline } from "./Inline";

interface BlockProps {
  token: Token;
  /** More of this block may come. */
  open?: boolean;
}

/** One block of Markdown. Compared by the token's identity. */
export const Block = memo(function Block({ token, open = false }: BlockProps) {
  switch (token.type) {
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      // The page has its own first and second headings.
      return createElement(
        `h${Math.min(depth + 2, 6)}`,
        { "data-depth": depth },
        <Inline tokens={tokens} />,
      );
    }
    case "paragraph":
      return (
        <p>
          <Inline tokens={(token as Tokens.Paragraph).tokens} />
        </p>
      );
    case "text":
      return <Inline tokens={(token as Tokens.Text).tokens ?? [token]} />;
    case "code": {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock code={text} language={lang?.trim().split(/[\s{:]/)[0] ?? ""} open={open} />;
    }
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={(token as Tokens.Blockquote).tokens} />
        </blockquote>
      );
    case "list":
      return <List token={token as Tokens.List} />;
    case "table":
      return <Table token={token as Tokens.Table} />;
    case "math":
      return <Formula tex={(token as unknown as MathToken).tex} display />;
    case "hr":
      return <hr />;
    case "html":
      return <Html text={(token as Tokens.HTML).text} />;
    default:
      return null;
  }
});

function Blocks({ tokens }: { tokens: Token[] }) {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one text have no other identity
    <Block key={index} token={token} />
  ));
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: items of one text have no other identity
    <li key={index} data-task={item.task || undefined}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} readOnly disabled />}
      <Blocks tokens={item.tokens.filter((part) => part.type !== "checkbox")} />
    </li>
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return (
    <ol start={typeof token.start === "number" && token.start !== 1 ? token.start : undefined}>
      {items}
    </ol>
  );
}

function Table({ token }: { token: Tokens.Table }) {
  const cell = (Tag: "th" | "td", { tokens, align }: Tokens.TableCell, index: number) => (
    <Tag key={index} style={align ? { textAlign: align } : undefined}>
      <Inline tokens={tokens} />
    </Tag>
  );
  return (
    // A wide table scrolls by itself; by keyboard too, hence the tab stop.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <div className="table-scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>{token.header.map((each, index) => cell("th", each, index))}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of one text have no other identity
            <tr key={index}>{row.map((each, column) => cell("td", each, column))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Raw HTML is shown as it is written; comments are for nobody. */
function Html({ text }: { text: string }) {
  const shown = text.replace(/<!--[\s\S]*?-->/g, "").trim();
  return shown ? <p className="raw-html">{shown}</p> : null;
}
