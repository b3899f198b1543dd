import { useCallback, useEffect, useState } from "react";
import { copyText } from "@/ui/CopyButton";

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
    void copyText(text).then(setCopied);
  }, []);
  return [copied, copy];
}
