/** The part of a chat or completion app's configuration that the form edits. */
import type { AppModel, FormField, ModelConfig } from "@/api/types";
import { wrappedFields } from "../run/formValues";

export interface PromptDraft {
  model: AppModel | null;
  prompt: string;
  opening: string;
  questions: string[];
  followUps: boolean;
  fields: FormField[];
}

export function draftOf(config: ModelConfig | null | undefined): PromptDraft {
  return {
    model: config?.model?.name ? config.model : null,
    prompt: config?.pre_prompt ?? "",
    opening: config?.opening_statement ?? "",
    questions: config?.suggested_questions ?? [],
    followUps: config?.suggested_questions_after_answer?.enabled ?? false,
    fields: wrappedFields(config?.user_input_form),
  };
}

/** The whole configuration to store: what the form does not show is kept. */
export function configOf(old: ModelConfig | null | undefined, draft: PromptDraft): ModelConfig {
  const { created_at, created_by, updated_at, updated_by, ...kept } = old ?? {};
  return {
    prompt_type: "simple",
    ...kept,
    model: draft.model,
    pre_prompt: draft.prompt,
    opening_statement: draft.opening,
    suggested_questions: draft.questions.filter((question) => question.trim()),
    suggested_questions_after_answer: {
      ...old?.suggested_questions_after_answer,
      enabled: draft.followUps,
    },
    user_input_form: draft.fields.map(({ type, ...field }) => ({ [type]: { ...field, type } })),
  };
}

/** Names used in the prompt as `{{name}}` that are no variable yet. */
export function missingVariables({ prompt, opening, fields }: PromptDraft): string[] {
  const known = new Set(fields.map(({ variable }) => variable));
  const used = `${prompt}\n${opening}`.matchAll(/\{\{\s*([a-zA-Z_][a-zA-Z0-9_]{0,29})\s*\}\}/g);
  const special = new Set(["context", "query", "histories"]);
  return [...new Set([...used].flatMap(([, name]) => name ?? []))].filter(
    (name) => !known.has(name) && !special.has(name),
  );
}

export function isVariableName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]{0,29}$/.test(name);
}
