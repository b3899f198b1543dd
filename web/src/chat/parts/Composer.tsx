import { ArrowUp, Square } from "lucide-react";
import {
  type ClipboardEvent,
  type KeyboardEvent,
  lazy,
  Suspense,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { FileButtons } from "../files/FileButtons";
import type { UploadRules } from "../files/rules";
import type { Uploads } from "../files/useUploads";

/** Needed once a file is chosen, and not before. */
const UploadTray = lazy(() => import("../files/UploadTray"));
const LinkEntry = lazy(() => import("../files/LinkEntry"));

interface ComposerProps {
  rules: UploadRules | null;
  uploads: Uploads;
  running: boolean;
  placeholder?: string | undefined;
  /** Answers whether the message was taken; only then the field is emptied. */
  onSend: (text: string) => boolean;
  onStop: () => void;
}

/** Grows to this height, then scrolls, in pixels. */
const TALLEST = 220;

export function Composer({ rules, uploads, running, placeholder, onSend, onStop }: ComposerProps) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const [linking, setLinking] = useState(false);
  const area = useGrowing(text);
  const ready = text.trim() !== "" && !uploads.busy && !running;
  const send = (): void => {
    if (ready && onSend(text.trim())) setText("");
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== "Enter" || event.shiftKey || composing(event) || onTouchScreen()) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    if (!rules || files.length === 0) return;
    event.preventDefault();
    uploads.add(files);
  };
  return (
    <div className="flex flex-col gap-2 rounded-card border border-line-strong/60 bg-surface p-2 focus-within:border-focus">
      <Suspense>
        {uploads.items.length + uploads.refusals.length > 0 && <UploadTray uploads={uploads} />}
        {linking && <LinkEntry onAdd={uploads.addLink} onClose={() => setLinking(false)} />}
      </Suspense>
      <div className="flex items-end gap-1">
        {rules && (
          <FileButtons rules={rules} onFiles={uploads.add} onLink={() => setLinking(true)} />
        )}
        <textarea
          ref={area}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          aria-label={t("composer.label")}
          title={t("composer.hint")}
          placeholder={placeholder || t("composer.placeholder")}
          enterKeyHint="enter"
          className="max-h-[220px] min-w-0 flex-1 resize-none bg-transparent px-2 py-[5.5px] text-md outline-none placeholder:text-muted"
        />
        {running ? (
          <RoundButton label={t("composer.stop")} onClick={onStop}>
            <Square size={12} fill="currentColor" aria-hidden="true" />
          </RoundButton>
        ) : (
          <RoundButton
            label={t(uploads.busy ? "files.wait" : "composer.send")}
            onClick={send}
            disabled={!ready}
          >
            <ArrowUp size={16} aria-hidden="true" />
          </RoundButton>
        )}
      </div>
    </div>
  );
}

interface RoundButtonProps {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  children: React.ReactNode;
}

function RoundButton({ label, children, ...rest }: RoundButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="flex size-8 shrink-0 items-center justify-center rounded-control bg-ink text-on-ink transition-opacity duration-150 hover:opacity-90 disabled:opacity-30"
      {...rest}
    >
      {children}
    </button>
  );
}

function useGrowing(text: string) {
  const area = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, TALLEST)}px`;
  }, [text]);
  return area;
}

/** Enter that chooses a word in an input method is not Enter. Safari tells only by the old code. */
function composing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === 229;
}

/** On a phone's keyboard there is no Shift + Enter: Enter is a new line, the button sends. */
function onTouchScreen(): boolean {
  return matchMedia("(pointer: coarse) and (hover: none)").matches;
}
