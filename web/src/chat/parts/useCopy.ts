import { useCallback, useEffect, useState } from "react";

/** How long "copied" is shown, in milliseconds. */
const SHOWN = 1600;

/** Copies text; the first value is true for a moment after it worked. */
export function useCopy(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = useCallback((text: string) => {
    write(text).then(setCopied, () => setCopied(false));
  }, []);
  return [copied, copy];
}

/** Pages served without https have no clipboard; there the old command does it. */
async function write(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
