/** Plain text of a sticky note. Notes hold a rich-text tree as a JSON string, or bare text. */
import { isObject, type Json } from "@/api/json";

export function noteText(stored: Json | undefined): string {
  if (typeof stored !== "string") return "";
  let tree: unknown;
  try {
    tree = JSON.parse(stored);
  } catch {
    return stored;
  }
  const lines: string[] = [];
  const walk = (node: unknown): string => {
    if (!isObject(node)) return "";
    if (typeof node.text === "string") return node.text;
    if (node.type === "linebreak") return "\n";
    return (Array.isArray(node.children) ? node.children : []).map(walk).join("");
  };
  const root = isObject(tree) ? tree.root : undefined;
  if (isObject(root) && Array.isArray(root.children))
    for (const child of root.children) lines.push(walk(child));
  return lines.join("\n").trim();
}
