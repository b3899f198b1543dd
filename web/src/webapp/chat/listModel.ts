/** The list of conversations, as data. */
import type { Conversation } from "../server/shapes";

export interface Lists {
  pinned: readonly Conversation[];
  recent: readonly Conversation[];
}

export const emptyLists: Lists = { pinned: [], recent: [] };

/** The conversation `id`, wherever it is. */
export function find(lists: Lists, id: string): Conversation | undefined {
  return [...lists.pinned, ...lists.recent].find((each) => each.id === id);
}

/** A conversation that has just begun, first in the list. */
export function withNew(lists: Lists, conversation: Conversation): Lists {
  if (find(lists, conversation.id)) return lists;
  return { ...lists, recent: [conversation, ...lists.recent] };
}

export function withChange(lists: Lists, id: string, part: Partial<Conversation>): Lists {
  const change = (all: readonly Conversation[]) =>
    all.map((each) => (each.id === id ? { ...each, ...part } : each));
  return { pinned: change(lists.pinned), recent: change(lists.recent) };
}

/** Moves a conversation to the top of the pinned ones, or back among the others by its time. */
export function withPin(lists: Lists, id: string, pinned: boolean): Lists {
  const moved = find(lists, id);
  if (!moved) return lists;
  const rest = without(lists, id);
  if (pinned) return { ...rest, pinned: [moved, ...rest.pinned] };
  const time = (each: Conversation): number => each.updated_at ?? 0;
  const at = rest.recent.findIndex((each) => time(each) < time(moved));
  const recent = [...rest.recent];
  recent.splice(at < 0 ? recent.length : at, 0, moved);
  return { ...rest, recent };
}

export function without(lists: Lists, id: string): Lists {
  const keep = (each: Conversation): boolean => each.id !== id;
  return { pinned: lists.pinned.filter(keep), recent: lists.recent.filter(keep) };
}

/** One more page of the others; what is known already is not repeated. */
export function withPage(lists: Lists, page: readonly Conversation[]): Lists {
  return { ...lists, recent: [...lists.recent, ...page.filter((each) => !find(lists, each.id))] };
}
