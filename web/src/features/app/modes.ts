import type { AppMode } from "@/api/types";

export const modes: readonly AppMode[] = [
  "workflow",
  "advanced-chat",
  "chat",
  "agent-chat",
  "completion",
];

/** True for apps that are a graph of nodes. */
export function isGraph(mode: AppMode): boolean {
  return mode === "workflow" || mode === "advanced-chat";
}

/** True for apps that one talks with. */
export function isChat(mode: AppMode): boolean {
  return mode === "chat" || mode === "agent-chat" || mode === "advanced-chat";
}
