import { useEffect, useState } from "react";

/** The clock in milliseconds (`performance.now`), ticking ten times a second while `live`. */
export function useNow(live: boolean): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, [live]);
  return now;
}
