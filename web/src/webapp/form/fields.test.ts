import { describe, expect, it } from "vitest";
import { firstDraft, parseForm, toInputs } from "./fields";

const form = [
  {
    "text-input": {
      label: "Name",
      variable: "name",
      required: true,
      max_length: 5,
      default: "Ada",
    },
  },
  { paragraph: { label: "Text", variable: "text", required: false } },
  { number: { label: "Age", variable: "age" } },
  { select: { label: "Tone", variable: "tone", options: ["dry", "warm"], default: "warm" } },
  { checkbox: { label: "Short", variable: "short", default: "yes" } },
  { json_object: { label: "Data", variable: "data", default: { a: 1 } } },
  { file: { label: "File", variable: "file", required: true, allowed_file_types: ["image"] } },
  { "file-list": { label: "Files", variable: "files", max_length: 2 } },
  { external_data_tool: { label: "x", variable: "x" } },
  "nonsense",
];
const fields = parseForm(form);
const image = {
  type: "image" as const,
  transfer_method: "local_file" as const,
  upload_file_id: "u",
};

describe("a form", () => {
  it("has a field for all that people fill in", () => {
    expect(fields.map((field) => field.name)).toEqual([
      "name",
      "text",
      "age",
      "tone",
      "short",
      "data",
      "file",
      "files",
    ]);
    expect(parseForm(null)).toEqual([]);
    expect(fields[6]?.upload).toMatchObject({ number_limits: 1, allowed_file_types: ["image"] });
  });

  it("begins with values of the address, then defaults", () => {
    expect(firstDraft(fields, { tone: "rude", age: "7", name: "Bo" })).toEqual({
      name: "Bo",
      text: "",
      age: "7",
      tone: "",
      short: true,
      data: '{\n  "a": 1\n}',
      file: [],
      files: [],
    });
  });

  it("sends each value in its own type", () => {
    const draft = { ...firstDraft(fields, {}), age: "1.5", file: [image], files: [image] };
    expect(toInputs(fields, draft)).toEqual({
      errors: {},
      inputs: {
        name: "Ada",
        text: "",
        age: 1.5,
        tone: "warm",
        short: true,
        data: { a: 1 },
        file: image,
        files: [image],
      },
    });
  });

  it("says what is wrong at the field", () => {
    const draft = {
      name: "too long",
      text: "",
      age: "x",
      tone: "rude",
      short: false,
      data: "[1]",
      file: [],
      files: [image, image, image],
    };
    expect(toInputs(fields, draft).errors).toEqual({
      name: { key: "tooLong", count: 5 },
      age: { key: "number" },
      tone: { key: "option" },
      data: { key: "json" },
      file: { key: "required" },
      files: { key: "tooMany", count: 2 },
    });
    expect(toInputs(fields, { ...draft, name: " " }).errors.name).toEqual({ key: "required" });
  });

  it("leaves out what is optional and empty", () => {
    const draft = { ...firstDraft(fields, {}), tone: "", data: "", file: [image] };
    expect(Object.keys(toInputs(fields, draft).inputs)).toEqual(["name", "text", "short", "file"]);
  });
});
