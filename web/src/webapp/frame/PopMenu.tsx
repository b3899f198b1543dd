import { Check } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { IconButton } from "@/ui/IconButton";

export interface PopItem {
  key: string;
  label: string;
  icon?: ReactNode;
  checked?: boolean;
  danger?: boolean;
  onSelect: () => void;
}

interface PopMenuProps {
  label: string;
  icon: ReactNode;
  items: readonly PopItem[];
  small?: boolean;
  /** Opens upwards, for buttons at the foot of the page. */
  up?: boolean;
}

/**
 * A small menu. The console's menu weighs a fifth of this page's budget; a
 * button, arrow keys and Escape are all that is needed here.
 */
export function PopMenu({ label, icon, items, small, up }: PopMenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus();
    const onPointer = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      if (event.key === "Escape") event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(box.current, event.key === "ArrowDown" ? 1 : -1);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the menu inside are caught here
    <div ref={box} className="relative" onKeyDown={onKeyDown}>
      <IconButton
        small={small}
        label={label}
        icon={icon}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div
          role="menu"
          aria-label={label}
          className={`appear absolute right-0 z-40 min-w-40 rounded-control border border-line bg-raised p-1 shadow-popover ${up ? "bottom-full mb-1" : "top-full mt-1"}`}
        >
          {items.map((item) => (
            <button
              key={item.key}
              type="button"
              {...(item.checked === undefined
                ? { role: "menuitem" }
                : { role: "menuitemradio", "aria-checked": item.checked })}
              tabIndex={-1}
              onClick={() => {
                close();
                item.onSelect();
              }}
              className={`flex w-full items-center gap-2 whitespace-nowrap rounded-[4px] px-2 py-1.5 text-left hover:bg-brass-soft focus:bg-brass-soft focus:outline-none ${item.danger ? "text-bad" : ""}`}
            >
              <span className="flex w-4 justify-center">
                {item.checked ? <Check size={14} aria-hidden="true" /> : item.icon}
              </span>
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function move(box: HTMLElement | null, by: 1 | -1): void {
  const items = [...(box?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus();
}
