import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** This near to the end counts as being there, in pixels. */
const NEAR = 48;

interface StickToEnd {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** False while the reader looks at something further up. */
  atEnd: boolean;
  toEnd: () => void;
}

/**
 * Keeps a growing list at its end, unless the reader scrolled away, and keeps
 * what is being read in place when `firstKey` changes because older rows came.
 */
export function useStickToEnd(firstKey: string | undefined): StickToEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  // A form or greeting before the first message is read from its top.
  const stuck = useRef(false);
  const [atEnd, setAtEnd] = useState(true);
  const lastTop = useRef(0);
  const anchor = useRef<{ element: Element; top: number } | null>(null);

  const toEnd = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    stuck.current = true;
    setAtEnd(true);
    box.scrollTop = box.scrollHeight;
  }, []);

  useEffect(() => {
    const box = scroller.current;
    const inside = content.current;
    if (!box || !inside) return;
    const onScroll = (): void => {
      const end = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      // Only going up lets go: growing text also leaves the end behind for a moment.
      if (end) stuck.current = true;
      else if (box.scrollTop < lastTop.current - 1) stuck.current = false;
      lastTop.current = box.scrollTop;
      setAtEnd(end || stuck.current);
      anchor.current = stuck.current ? null : anchorOf(inside, box);
    };
    const grown = new ResizeObserver(() => {
      if (stuck.current) box.scrollTop = box.scrollHeight;
    });
    grown.observe(inside);
    grown.observe(box);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, []);

  const before = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const was = before.current;
    if (was === firstKey) return;
    before.current = firstKey;
    if (was === undefined) {
      toEnd();
      return;
    }
    const box = scroller.current;
    const held = anchor.current;
    if (!box || !held?.element.isConnected) return;
    box.scrollTop += held.element.getBoundingClientRect().top - held.top;
  }, [firstKey, toEnd]);

  return { scroller, content, atEnd, toEnd };
}

/** The first row on the screen, and where it is. */
function anchorOf(content: Element, box: Element): { element: Element; top: number } | null {
  const edge = box.getBoundingClientRect().top;
  for (const element of content.querySelectorAll("[data-turn]")) {
    const { top, bottom } = element.getBoundingClientRect();
    if (bottom > edge) return { element, top };
  }
  return null;
}
