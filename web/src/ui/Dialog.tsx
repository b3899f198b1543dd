import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./IconButton";
import { useFocusBack } from "./useFocusBack";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  text?: string;
  children: ReactNode;
  wide?: boolean;
}

/** For at most three fields; larger things get a page or a panel. */
export function Dialog({ open, onClose, title, text, children, wide }: DialogProps) {
  const { t } = useTranslation("ui");
  const focusBack = useFocusBack();
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[rgb(13_18_32/45%)]" />
        <Radix.Content
          aria-describedby={text ? undefined : ""}
          onCloseAutoFocus={focusBack}
          className={`appear fixed left-1/2 top-[12dvh] z-50 flex max-h-[80dvh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col rounded-card border border-line bg-raised shadow-popover ${wide ? "max-w-2xl" : "max-w-md"}`}
        >
          <div className="flex items-start gap-2 px-5 pt-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg">{title}</Radix.Title>
              {text && <Radix.Description className="mt-0.5 text-muted">{text}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label={t("close")} icon={<X size={16} />} className="-mr-2" />
            </Radix.Close>
          </div>
          <div className="min-h-0 overflow-y-auto px-5 pb-5 pt-3">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
