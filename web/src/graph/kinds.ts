/** One list of node kinds: the canvas, the inspector and the timeline read icon, hue and summary from it. */
import {
  Bot,
  Boxes,
  Braces,
  CircleStop,
  Clock,
  Code,
  FileText,
  Filter,
  Flag,
  GitBranch,
  Globe,
  type LucideIcon,
  MessageSquareReply,
  Pencil,
  Play,
  Plug,
  RefreshCw,
  Repeat,
  Search,
  Sparkles,
  Split,
  StickyNote,
  UserRound,
  Webhook,
  Wrench,
} from "lucide-react";
import { isObject, type JsonObject } from "@/api/json";
import { list } from "./model";

export type Hue =
  | "slate"
  | "violet"
  | "blue"
  | "teal"
  | "olive"
  | "graphite"
  | "orange"
  | "rose"
  | "sand";

export interface NodeKind {
  icon: LucideIcon;
  hue: Hue;
  /** The one line that says what this node does, from its own settings; empty when it says nothing. */
  summary: (data: JsonObject) => string;
}

const text = (value: unknown): string =>
  typeof value === "string" ? value.replace(/\s+/g, " ").trim() : "";
const names = (value: unknown, key: string): string =>
  (Array.isArray(value) ? value : [])
    .flatMap((one) => (isObject(one) ? text(one[key]) || [] : []))
    .join(", ");
const selector = (value: unknown): string => (Array.isArray(value) ? value.join(".") : "");
const model = (data: JsonObject): string => (isObject(data.model) ? text(data.model.name) : "");

const condition = (value: unknown): string => {
  if (!isObject(value)) return "";
  const left = selector(value.variable_selector);
  return [
    left,
    text(value.comparison_operator),
    typeof value.value === "object" ? "" : String(value.value ?? ""),
  ]
    .filter(Boolean)
    .join(" ");
};

const firstCase = (data: JsonObject): string => {
  const [first] = list(data.cases);
  const conditions = isObject(first) ? list(first.conditions) : list(data.conditions);
  const operator = isObject(first) ? text(first.logical_operator) || "and" : "and";
  return conditions.map(condition).join(` ${operator} `);
};

const kinds: Record<string, NodeKind> = {
  start: { icon: Play, hue: "slate", summary: (data) => names(data.variables, "variable") },
  end: { icon: Flag, hue: "slate", summary: (data) => names(data.outputs, "variable") },
  answer: { icon: MessageSquareReply, hue: "slate", summary: (data) => text(data.answer) },
  llm: { icon: Sparkles, hue: "violet", summary: model },
  agent: {
    icon: Bot,
    hue: "violet",
    summary: (data) => text(data.agent_strategy_label) || text(data.agent_strategy_name),
  },
  "question-classifier": { icon: Split, hue: "violet", summary: model },
  "parameter-extractor": {
    icon: Braces,
    hue: "violet",
    summary: (data) => names(data.parameters, "name") || model(data),
  },
  "knowledge-retrieval": {
    icon: Search,
    hue: "blue",
    summary: (data) => selector(data.query_variable_selector),
  },
  "knowledge-index": { icon: Boxes, hue: "blue", summary: () => "" },
  datasource: { icon: Boxes, hue: "blue", summary: (data) => text(data.datasource_label) },
  "document-extractor": {
    icon: FileText,
    hue: "blue",
    summary: (data) => selector(data.variable_selector),
  },
  "if-else": { icon: GitBranch, hue: "teal", summary: firstCase },
  iteration: { icon: Repeat, hue: "sand", summary: (data) => selector(data.iterator_selector) },
  loop: {
    icon: RefreshCw,
    hue: "sand",
    summary: (data) => (typeof data.loop_count === "number" ? `≤ ${data.loop_count}` : ""),
  },
  "iteration-start": { icon: Play, hue: "sand", summary: () => "" },
  "loop-start": { icon: Play, hue: "sand", summary: () => "" },
  "loop-end": { icon: CircleStop, hue: "sand", summary: () => "" },
  code: { icon: Code, hue: "graphite", summary: (data) => text(data.code_language) },
  "template-transform": { icon: FileText, hue: "olive", summary: (data) => text(data.template) },
  "variable-aggregator": {
    icon: Filter,
    hue: "olive",
    summary: (data) => list(data.variables).map(selector).join(", "),
  },
  "variable-assigner": {
    icon: Filter,
    hue: "olive",
    summary: (data) => list(data.variables).map(selector).join(", "),
  },
  assigner: {
    icon: Pencil,
    hue: "olive",
    summary: (data) =>
      list(data.items)
        .map((one) => (isObject(one) ? selector(one.variable_selector) : ""))
        .join(", ") || selector(data.assigned_variable_selector),
  },
  "list-operator": { icon: Filter, hue: "olive", summary: (data) => selector(data.variable) },
  "http-request": {
    icon: Globe,
    hue: "orange",
    summary: (data) => `${text(data.method).toUpperCase()} ${text(data.url)}`.trim(),
  },
  tool: {
    icon: Wrench,
    hue: "orange",
    summary: (data) => text(data.tool_label) || text(data.tool_name),
  },
  "human-input": { icon: UserRound, hue: "rose", summary: (data) => text(data.form_content) },
  "trigger-webhook": {
    icon: Webhook,
    hue: "slate",
    summary: (data) => text(data.method).toUpperCase(),
  },
  "trigger-schedule": {
    icon: Clock,
    hue: "slate",
    summary: (data) => text(data.cron_expression) || text(data.frequency),
  },
  "trigger-plugin": {
    icon: Plug,
    hue: "slate",
    summary: (data) => text(data.event_label) || text(data.event_name),
  },
  note: { icon: StickyNote, hue: "sand", summary: () => "" },
};

const unknown: NodeKind = { icon: Boxes, hue: "graphite", summary: (data) => text(data.desc) };

export function kindOf(type: string): NodeKind {
  return Object.hasOwn(kinds, type) ? (kinds[type] ?? unknown) : unknown;
}

export const nodeTypes: readonly string[] = Object.keys(kinds);
