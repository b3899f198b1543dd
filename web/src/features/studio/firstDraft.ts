/** What a new graph app begins with: the server makes the app, its first draft comes from here. */
import { api } from "@/api/console";
import type { JsonObject } from "@/api/json";
import type { AppMode } from "@/api/types";
import type { DefaultModel } from "@/features/models/types";

/** Distance of neighbouring nodes and place of the first, in pixels, as drawn by other editors of these files. */
const STEP = 300;
const ORIGIN = { x: 80, y: 282 };

export interface NodeTitles {
  start: string;
  llm: string;
  answer: string;
  end: string;
}

function graphOf(steps: readonly JsonObject[]): JsonObject {
  const ids = steps.map(({ type }) => String(type));
  return {
    nodes: steps.map((data, at) => ({
      id: ids[at] ?? "",
      type: "custom",
      position: { x: ORIGIN.x + at * STEP, y: ORIGIN.y },
      sourcePosition: "right",
      targetPosition: "left",
      data: { desc: "", ...data },
    })),
    edges: ids.slice(1).map((target, at) => ({
      id: `${ids[at]}-source-${target}-target`,
      type: "custom",
      source: ids[at] ?? "",
      sourceHandle: "source",
      target,
      targetHandle: "target",
      data: { sourceType: ids[at] ?? "", targetType: target, isInIteration: false },
    })),
    viewport: { x: 0, y: 0, zoom: 1 },
  };
}

/** A draft that runs: a workflow that hands its input on, a conversation that answers with the default model. */
export function firstDraft(
  mode: AppMode,
  model: DefaultModel | null,
  titles: NodeTitles,
): JsonObject {
  const chat = mode === "advanced-chat";
  const query = {
    variable: "text",
    label: "Text",
    type: "paragraph",
    required: true,
    max_length: 4000,
  };
  const steps: JsonObject[] = chat
    ? [
        { type: "start", title: titles.start, variables: [] },
        {
          type: "llm",
          title: titles.llm,
          model: {
            provider: model?.provider.provider ?? "",
            name: model?.model ?? "",
            mode: "chat",
            completion_params: { temperature: 0.7 },
          },
          prompt_template: [{ role: "system", text: "" }],
          memory: {
            query_prompt_template: "{{#sys.query#}}",
            window: { enabled: false, size: 10 },
          },
          context: { enabled: false, variable_selector: [] },
          vision: { enabled: false },
        },
        { type: "answer", title: titles.answer, answer: "{{#llm.text#}}", variables: [] },
      ]
    : [
        { type: "start", title: titles.start, variables: [query] },
        {
          type: "end",
          title: titles.end,
          outputs: [{ variable: "text", value_selector: ["start", "text"], value_type: "string" }],
        },
      ];
  return {
    graph: graphOf(steps),
    features: chat ? { retriever_resource: { enabled: true } } : {},
    environment_variables: [],
    conversation_variables: [],
  };
}

export function saveFirstDraft(appId: string, draft: JsonObject): Promise<unknown> {
  return api.post(`/apps/${appId}/workflows/draft`, draft);
}
