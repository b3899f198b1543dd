/**
 * From the flat list of turns to the one thread on the screen.
 *
 * Turns form a tree by `parentId`: asking again makes a sibling. A thread is
 * one path through it. Histories load backwards, so a turn's parent may not
 * be here yet; such turns are the tops of what is known.
 */
import type { Turn } from "./message";

/** The parent that messages of the service API carry: "whatever came before". */
export const NIL_PARENT = "00000000-0000-0000-0000-000000000000";

/** Which sibling is shown, by the key of the group of siblings. */
export type Choices = Readonly<Record<string, string>>;

export interface ThreadEntry {
  turn: Turn;
  /** All answers to the same place in the conversation, oldest first. */
  siblings: Turn[];
  group: string;
}

/** The path to show: chosen siblings, else those that lead to the newest turn. */
export function threadOf(turns: readonly Turn[], choices: Choices): ThreadEntry[] {
  const groups = groupsOf(turns);
  const newest = newestBelow(turns, groups);
  const thread: ThreadEntry[] = [];
  let group = topGroup(turns, groups, newest);
  while (group !== undefined) {
    const siblings: Turn[] = groups.get(group) ?? [];
    const turn = pick(siblings, choices[group], newest);
    if (!turn) break;
    thread.push({ turn, siblings, group });
    group = turn.key;
  }
  return thread;
}

/** The turns of an older page put before those already known; known ones stay as they are. */
export function prepend(older: readonly Turn[], turns: readonly Turn[]): Turn[] {
  const known = new Set(turns.map((turn) => turn.id));
  return [...older.filter((turn) => !known.has(turn.id)), ...turns];
}

/** Siblings by the key of their parent; by `?<parent id>` where it is not loaded. */
function groupsOf(turns: readonly Turn[]): Map<string, Turn[]> {
  const byId = new Map(turns.flatMap((turn) => (turn.id ? [[turn.id, turn] as const] : [])));
  const groups = new Map<string, Turn[]>();
  turns.forEach((turn, index) => {
    const group = groupOf(turn, turns[index - 1], byId);
    const siblings = groups.get(group);
    if (siblings) siblings.push(turn);
    else groups.set(group, [turn]);
  });
  return groups;
}

function groupOf(turn: Turn, before: Turn | undefined, byId: Map<string, Turn>): string {
  if (turn.parentId === NIL_PARENT) return before ? before.key : "?";
  const parent = turn.parentId === null ? undefined : byId.get(turn.parentId);
  // A parent that names the turn itself would make an endless thread.
  if (parent && parent !== turn) return parent.key;
  return `?${turn.parentId ?? ""}`;
}

/** For each turn the place in the list of the newest turn at or below it. */
function newestBelow(turns: readonly Turn[], groups: Map<string, Turn[]>): Map<string, number> {
  const newest = new Map<string, number>();
  // Children come after their parents, so going backwards meets them first.
  for (let index = turns.length - 1; index >= 0; index -= 1) {
    const turn = turns[index];
    if (!turn) continue;
    const below = (groups.get(turn.key) ?? []).map((child) => newest.get(child.key) ?? 0);
    newest.set(turn.key, Math.max(index, ...below));
  }
  return newest;
}

function topGroup(
  turns: readonly Turn[],
  groups: Map<string, Turn[]>,
  newest: Map<string, number>,
): string | undefined {
  let best: { group: string; at: number } | undefined;
  const keys = new Set(turns.map((turn) => turn.key));
  for (const [group, siblings] of groups) {
    if (keys.has(group)) continue;
    const at = Math.max(...siblings.map((turn) => newest.get(turn.key) ?? 0));
    if (!best || at > best.at) best = { group, at };
  }
  return best?.group;
}

function pick(
  siblings: Turn[],
  chosen: string | undefined,
  newest: Map<string, number>,
): Turn | undefined {
  const wanted = siblings.find((turn) => turn.key === chosen);
  if (wanted) return wanted;
  return siblings.reduce<Turn | undefined>((best, turn) => {
    if (!best) return turn;
    return (newest.get(turn.key) ?? 0) > (newest.get(best.key) ?? 0) ? turn : best;
  }, undefined);
}
