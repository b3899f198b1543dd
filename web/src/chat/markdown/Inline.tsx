import type { Tokens } from "marked";
import { createElement, Fragment, type ReactNode } from "react";
import { safeImage, safeLink } from "./addresses";
import { decodeEntities } from "./entities";
import { Formula } from "./Formula";
import type { MathToken, Token } from "./grammar";

/** Tags that only change how letters look; all others are shown as text. */
const inertTag = /^<(sub|sup|kbd|u|mark|b|i|em|strong|s|small)>$/i;

/** Text with marks. */
export function Inline({ tokens }: { tokens: Token[] | undefined }): ReactNode {
  return <>{elements(tokens ?? [])}</>;
}

function elements(tokens: Token[]): ReactNode[] {
  const shown: ReactNode[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (!token) continue;
    const tag =
      token.type === "html" ? inertTag.exec(token.raw.trim())?.[1]?.toLowerCase() : undefined;
    const end = tag ? closing(tokens, tag, index) : -1;
    if (tag && end > 0) {
      shown.push(createElement(tag, { key: index }, ...elements(tokens.slice(index + 1, end))));
      index = end;
    } else {
      shown.push(<Fragment key={index}>{element(token)}</Fragment>);
    }
  }
  return shown;
}

function closing(tokens: Token[], tag: string, from: number): number {
  return tokens.findIndex(
    (token, at) => at > from && token.raw.trim().toLowerCase() === `</${tag}>`,
  );
}

function element(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{elements(token.tokens ?? [])}</strong>;
    case "em":
      return <em>{elements(token.tokens ?? [])}</em>;
    case "del":
      return <del>{elements(token.tokens ?? [])}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link token={token as Tokens.Link} />;
    case "image":
      return <Picture token={token as Tokens.Image} />;
    case "math":
    case "inlineMath": {
      const { tex, display } = token as unknown as MathToken;
      return <Formula tex={tex} display={display} />;
    }
    case "html":
      return html(token.raw);
    case "escape":
      return (token as Tokens.Escape).text;
    default:
      return "tokens" in token && token.tokens
        ? elements(token.tokens)
        : decodeEntities((token as Tokens.Text).text ?? token.raw);
  }
}

function html(raw: string): ReactNode {
  if (/^<br\s*\/?>$/i.test(raw.trim())) return <br />;
  return raw.startsWith("<!--") ? null : raw;
}

function Link({ token }: { token: Tokens.Link }) {
  // References are resolved first: they must not hide a scheme from the check.
  const href = safeLink(decodeEntities(token.href));
  const label = elements(token.tokens);
  if (href === null) return <span>{label}</span>;
  return (
    <a
      href={href}
      title={token.title ?? undefined}
      target="_blank"
      rel="noopener noreferrer nofollow"
    >
      {label}
    </a>
  );
}

function Picture({ token }: { token: Tokens.Image }) {
  const src = safeImage(decodeEntities(token.href));
  const alt = decodeEntities(token.text);
  if (src === null) return <span>{alt}</span>;
  return (
    <img
      src={src}
      alt={alt}
      title={token.title ?? undefined}
      loading="lazy"
      referrerPolicy="no-referrer"
    />
  );
}
