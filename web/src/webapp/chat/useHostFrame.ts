import { useEffect, useState } from "react";

interface HostFrame {
  /** Makes the window larger or smaller; null where the host offers no such thing. */
  expand: (() => void) | null;
}

/** Speaks with the page around an embedded chat. The words are the embedding contract's. */
export function useHostFrame(): HostFrame {
  const [canExpand, setCanExpand] = useState(false);
  useEffect(() => {
    if (window.parent === window) return;
    const onMessage = (event: MessageEvent): void => {
      if (event.source !== window.parent) return;
      const data = event.data as {
        type?: unknown;
        payload?: { isToggledByButton?: unknown };
      } | null;
      if (data?.type === "dify-chatbot-config")
        setCanExpand(data.payload?.isToggledByButton === true);
    };
    addEventListener("message", onMessage);
    tellHost("dify-chatbot-iframe-ready");
    return () => removeEventListener("message", onMessage);
  }, []);
  return { expand: canExpand ? () => tellHost("dify-chatbot-expand-change") : null };
}

/** The host may be any site, and the message says nothing about the visitor. */
function tellHost(type: string): void {
  window.parent.postMessage({ type }, "*");
}
