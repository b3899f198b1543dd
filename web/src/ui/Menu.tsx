import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";

export interface MenuItem {
  key: string;
  label: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
  onSelect: () => void;
}

/** Items and, as `null`, rules between them. */
export type MenuItems = readonly (MenuItem | null)[];

interface MenuProps {
  trigger: ReactNode;
  items: MenuItems;
  heading?: string;
  align?: "start" | "end";
}

const row =
  "flex cursor-pointer select-none items-center gap-2 rounded-[4px] px-2 py-1.5 text-sm outline-none data-[disabled]:cursor-not-allowed data-[disabled]:opacity-50 data-[highlighted]:bg-brass-soft";

export function Menu({ trigger, items, heading, align = "end" }: MenuProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="appear z-50 max-h-[70dvh] min-w-44 overflow-y-auto rounded-control border border-line bg-raised p-1 shadow-popover"
        >
          {heading && <Radix.Label className="px-2 py-1 text-xs text-muted">{heading}</Radix.Label>}
          {items.map((item, at) =>
            item === null ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule has no identity but its place
              <Radix.Separator key={at} className="my-1 h-px bg-line" />
            ) : (
              <Radix.Item
                key={item.key}
                disabled={item.disabled}
                onSelect={item.onSelect}
                className={`${row} ${item.danger ? "text-bad" : ""}`}
              >
                <span className="flex w-4 justify-center">
                  {item.checked ? <Check size={14} aria-hidden="true" /> : item.icon}
                </span>
                {item.label}
              </Radix.Item>
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
