/** The list of toasts: only for undo, and for background work that ended. */
import { create } from "zustand";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  /** Shown as a button while the toast lives. */
  undo?: () => void;
}

interface ToastStore {
  toasts: Toast[];
  show: (toast: Omit<Toast, "id" | "tone"> & { tone?: Toast["tone"] }) => number;
  dismiss: (id: number) => void;
}

let next = 1;

export const useToasts = create<ToastStore>()((set) => ({
  toasts: [],
  show: (toast) => {
    const id = next++;
    set(({ toasts }) => ({ toasts: [...toasts, { tone: "plain", ...toast, id }] }));
    return id;
  },
  dismiss: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
}));

/** How long an undo is offered, in milliseconds. */
export const UNDO_TIME = 6_000;

export interface Undoable {
  text: string;
  /** The real call, made when the time to undo has passed. */
  act: () => Promise<unknown>;
  /** Puts the screen back. */
  restore: () => void;
  onError: (error: unknown) => void;
}

const pending = new Map<number, () => void>();

/** Shows an undo toast and makes the call only after it; leaving the page makes it at once. */
export function actWithUndo({ text, act, restore, onError }: Undoable, time = UNDO_TIME): void {
  const { show, dismiss } = useToasts.getState();
  const finish = (id: number): void => {
    clearTimeout(timer);
    pending.delete(id);
    dismiss(id);
  };
  const run = (): void => {
    finish(id);
    act().catch((error: unknown) => {
      restore();
      onError(error);
    });
  };
  const id = show({
    text,
    undo: () => {
      finish(id);
      restore();
    },
  });
  const timer = setTimeout(run, time);
  pending.set(id, run);
}

/** Makes all calls that still wait for their undo time. */
export function flushUndoable(): void {
  for (const run of [...pending.values()]) run();
}
