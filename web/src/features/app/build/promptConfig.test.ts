import { describe, expect, it } from "vitest";
import { configOf, draftOf, missingVariables } from "./promptConfig";

const stored = {
  model: { provider: "openai", name: "m", mode: "chat", completion_params: {} },
  pre_prompt: "Say {{word}} to {{name}}; {{context}} and {{ spaced }}",
  user_input_form: [
    { "text-input": { variable: "word", label: "Word", type: "text-input", max_length: 9 } },
  ],
  dataset_configs: { top_k: 4 },
  created_at: 5,
};

describe("the prompt form", () => {
  it("keeps what it does not show and drops what the server writes", () => {
    const saved = configOf(stored, { ...draftOf(stored), prompt: "New", questions: ["a", " "] });
    expect(saved).toMatchObject({
      pre_prompt: "New",
      dataset_configs: { top_k: 4 },
      suggested_questions: ["a"],
      prompt_type: "simple",
    });
    expect(saved).not.toHaveProperty("created_at");
    expect(saved.user_input_form).toEqual([
      { "text-input": { variable: "word", label: "Word", type: "text-input", max_length: 9 } },
    ]);
  });

  it("finds names in the prompt that are no variable yet", () => {
    expect(missingVariables(draftOf(stored))).toEqual(["name", "spaced"]);
  });

  it("starts from nothing", () => {
    expect(draftOf(null)).toMatchObject({ model: null, prompt: "", fields: [] });
  });
});
