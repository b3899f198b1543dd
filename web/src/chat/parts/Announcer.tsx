import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { spoken } from "../markdown/thinking";
import type { Answer } from "../model/message";
import { isRunning } from "../model/message";
import { failureText } from "./failureText";

/** Readers get new sentences at most this often, in milliseconds. */
const PACE = 1500;

/**
 * Reads a growing answer aloud, whole sentences at a time: a live region around
 * the answer itself would begin anew with each word.
 */
export function Announcer({ answer }: { answer: Answer | null }) {
  const { t } = useTranslation("chat");
  const [said, setSaid] = useState("");
  const latest = useRef(answer);
  latest.current = answer;
  const running = answer !== null && isRunning(answer);
  const at = useRef(0);
  useEffect(() => {
    if (!running) return;
    at.current = 0;
    setSaid("");
    const timer = setInterval(() => {
      const piece = nextSentences(spoken(latest.current?.text ?? ""), at.current);
      if (!piece) return;
      at.current += piece.length;
      setSaid(piece.trim());
    }, PACE);
    return () => {
      clearInterval(timer);
      const done = latest.current;
      if (!done) return;
      const rest = spoken(done.text).slice(at.current).trim();
      setSaid(done.failure ? failureText(t, done.failure) : rest);
    };
  }, [running, t]);
  return (
    <div aria-live="polite" className="sr-only">
      {said}
    </div>
  );
}

/** What follows `from`, up to the last sentence that is complete. */
export function nextSentences(text: string, from: number): string {
  const fresh = text.slice(from);
  const ends = [...fresh.matchAll(/[.!?…](?=\s)|[。！？]|\n/g)];
  const last = ends.at(-1);
  return last ? fresh.slice(0, last.index + last[0].length) : "";
}
