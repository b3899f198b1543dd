import { clsx } from "clsx";
import type { ButtonHTMLAttributes, ReactNode } from "react";

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Read aloud and shown as tooltip. */
  label: string;
  icon: ReactNode;
  small?: boolean;
  pressed?: boolean;
}

export function IconButton({ label, icon, small, pressed, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      {...rest}
      className={clsx(
        "inline-flex shrink-0 items-center justify-center rounded-control text-muted transition-colors duration-150 hover:bg-line/50 hover:text-text disabled:opacity-40 aria-pressed:bg-brass-soft aria-pressed:text-brass",
        small ? "size-7" : "size-8",
        className,
      )}
    >
      {icon}
    </button>
  );
}
