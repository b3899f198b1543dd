import {
  createContext,
  type ReactNode,
  Suspense,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";

/** Rows within this distance of the screen are built, in pixels. */
const REACH = 1600;
/** Height that a row is given until it is built, in pixels. */
const GUESS = 180;

/** Calls back once, when an element comes near the screen. */
export class NearWatch {
  private readonly waiting = new Map<Element, () => void>();
  private readonly observer: IntersectionObserver;

  constructor(root: Element | null) {
    this.observer = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries)
          if (isIntersecting) this.waiting.get(target)?.();
      },
      { root, rootMargin: `${REACH}px 0px` },
    );
  }

  watch(element: Element, near: () => void): () => void {
    this.waiting.set(element, near);
    this.observer.observe(element);
    return () => {
      this.waiting.delete(element);
      this.observer.unobserve(element);
    };
  }

  end(): void {
    this.observer.disconnect();
  }
}

export const NearContext = createContext<NearWatch | null>(null);

interface NearRowProps {
  id: string;
  /** Builds the row at once: for the newest rows, which are on the screen. */
  eager: boolean;
  children: ReactNode;
}

/**
 * One row of a long list. Its content is built when it first comes near, and
 * from then on the browser skips laying it out while it is off the screen.
 */
export function NearRow({ id, eager, children }: NearRowProps) {
  const place = useRef<HTMLLIElement>(null);
  const watch = useContext(NearContext);
  const [near, setNear] = useState(eager);
  useEffect(() => {
    if (near || !place.current || !watch) return;
    return watch.watch(place.current, () => setNear(true));
  }, [near, watch]);
  const built = near || eager;
  return (
    <li
      ref={place}
      data-turn={id}
      className="chat-row"
      style={built ? undefined : { height: GUESS }}
    >
      {built ? <Suspense fallback={<div style={{ height: GUESS }} />}>{children}</Suspense> : null}
    </li>
  );
}
