import { useCallback, useMemo, useRef, useState } from "react";
import {
  type Draft,
  type Entry,
  type FieldErrors,
  firstDraft,
  type InputField,
  toInputs,
} from "./fields";

export interface FormState {
  fields: readonly InputField[];
  draft: Draft;
  errors: FieldErrors;
  /** What would be sent now; only whole when nothing is wrong. */
  inputs: Record<string, unknown>;
  /** Some file is still on its way. */
  busy: boolean;
  set: (name: string, entry: Entry) => void;
  setBusy: (name: string, busy: boolean) => void;
  /** Checks one field, when the reader leaves it. */
  leave: (name: string) => void;
  /** Checks all fields, shows what is wrong, and answers whether all is well. */
  check: () => boolean;
}

/** What is typed into a form. */
export function useForm(fields: readonly InputField[], given: Record<string, string>): FormState {
  const [draft, setDraft] = useState<Draft>(() => firstDraft(fields, given));
  const [errors, setErrors] = useState<FieldErrors>({});
  const [waiting, setWaiting] = useState<readonly string[]>([]);
  const now = useMemo(() => toInputs(fields, draft), [fields, draft]);
  const latest = useRef(now);
  latest.current = now;
  const busy = waiting.length > 0;

  const set = useCallback((name: string, entry: Entry) => {
    setDraft((all) => ({ ...all, [name]: entry }));
    // A message about the old value would be about nothing.
    setErrors(({ [name]: _, ...others }) => others);
  }, []);
  const setBusy = useCallback((name: string, isBusy: boolean) => {
    setWaiting((all) => {
      const others = all.filter((each) => each !== name);
      return isBusy ? [...others, name] : others;
    });
  }, []);
  const leave = useCallback((name: string) => {
    const error = latest.current.errors[name];
    // An empty required field is told on sending only: the reader may be on the way to it.
    if (error && error.key !== "required") setErrors((all) => ({ ...all, [name]: error }));
  }, []);
  const check = useCallback((): boolean => {
    setErrors(latest.current.errors);
    return Object.keys(latest.current.errors).length === 0 && !busy;
  }, [busy]);

  return { fields, draft, errors, inputs: now.inputs, busy, set, setBusy, leave, check };
}
