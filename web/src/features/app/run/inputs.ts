/** What was typed into an app's form, kept while one moves between its tabs. */
import { create } from "zustand";
import type { FormField } from "@/api/types";
import { type FormValues, startValues } from "./formValues";

interface InputStore {
  byApp: Record<string, FormValues>;
  set: (appId: string, values: FormValues) => void;
}

const useStore = create<InputStore>()((set) => ({
  byApp: {},
  set: (appId, values) => set(({ byApp }) => ({ byApp: { ...byApp, [appId]: values } })),
}));

export function useInputs(
  appId: string,
  fields: readonly FormField[],
): [FormValues, (values: FormValues) => void] {
  const typed = useStore(({ byApp }) => byApp[appId]);
  const set = useStore((store) => store.set);
  return [{ ...startValues(fields), ...typed }, (values) => set(appId, values)];
}
