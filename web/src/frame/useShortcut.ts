import { useEffect, useEffectEvent } from "react";

/** Calls back on ⌘ or Ctrl with a key, also inside inputs. Keys of an open input method are ignored. */
export function useShortcut(key: string, act: () => void, enabled = true): void {
  const fire = useEffectEvent(act);
  useEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => {
      if (event.isComposing || event.key.toLowerCase() !== key.toLowerCase()) return;
      if (!(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      fire();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [key, enabled]);
}
