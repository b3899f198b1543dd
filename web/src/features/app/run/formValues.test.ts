import { describe, expect, it } from "vitest";
import { formFields, formProblems, inputsOf, startValues, wrappedFields } from "./formValues";

const fields = formFields([
  { variable: "name", label: "", type: "text-input", required: true, max_length: 5 },
  { variable: "age", label: "Age", type: "number" },
  { variable: "data", label: "Data", type: "json_object" },
  { variable: "agree", label: "Agree", type: "checkbox", required: true },
  { variable: "secret", label: "Secret", type: "text-input", hide: true },
  { label: "no name", type: "text-input" },
]);

describe("form fields", () => {
  it("come from start nodes without hidden and nameless ones, labelled by name at worst", () => {
    expect(fields.map(({ variable, label }) => [variable, label])).toEqual([
      ["name", "name"],
      ["age", "Age"],
      ["data", "Data"],
      ["agree", "Agree"],
    ]);
  });

  it("come from wrapped items with their type", () => {
    const wrapped = wrappedFields([{ paragraph: { variable: "text", label: "Text", type: "" } }]);
    expect(wrapped).toMatchObject([{ variable: "text", type: "paragraph" }]);
  });
});

describe("inputs", () => {
  it("are refused with the reason at the field", () => {
    expect(formProblems(fields, { name: "", age: "x", data: "[1]" })).toEqual({
      name: "required",
      age: "number",
      data: "json",
    });
    expect(formProblems(fields, { name: "too long" })).toEqual({ name: "long" });
    expect(formProblems(fields, { name: "ok", age: "1.5", data: "{}" })).toEqual({});
  });

  it("carry numbers and objects, and leave empty fields out", () => {
    expect(
      inputsOf(fields, { name: "ok", age: "1.5", data: '{"a": 1}', agree: false, other: 1 }),
    ).toEqual({
      name: "ok",
      age: 1.5,
      data: { a: 1 },
      agree: false,
    });
    expect(inputsOf(fields, { ...startValues(fields), name: "x" })).toEqual({
      name: "x",
      agree: false,
    });
  });
});
