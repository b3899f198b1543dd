import { clsx } from "clsx";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Spinner } from "./Spinner";

/** `primary` once per view; `brass` only for Run and Publish. */
type Look = "primary" | "brass" | "outline" | "quiet" | "danger";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  /** Shows a spinner and refuses clicks; the label stays, so nothing jumps. */
  busy?: boolean;
  icon?: ReactNode;
}

const looks: Record<Look, string> = {
  primary: "bg-ink text-on-ink border-transparent hover:opacity-90",
  brass: "bg-brass text-on-brass border-transparent hover:opacity-90",
  outline: "bg-surface text-text border-line hover:border-line-strong",
  quiet: "bg-transparent text-text border-transparent hover:bg-line/50",
  danger: "bg-surface text-bad border-line hover:border-bad",
};

/** Class names of a button, for links that look like one. */
export function buttonClass(look: Look = "outline", small = false): string {
  return clsx(
    "inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-control border font-medium transition-[border-color,opacity,background-color] duration-150 disabled:opacity-50",
    small ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm",
    looks[look],
  );
}

export function Button({
  look,
  small,
  busy,
  icon,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={clsx(buttonClass(look, small), className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}
