import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { InputField } from "../form/fields";
import AskPage from "./AskPage";
import { type AskedForm, fieldsOf, partsOf } from "./form";
import { FormServer } from "./server";

const form: AskedForm = {
  form_content: "# Draft\n{{#$output.note#}}\nthen {{#$output.level#}} end {{#$output.gone#}}",
  inputs: [
    { type: "paragraph", output_variable_name: "note", required: true },
    { type: "select", output_variable_name: "level", option_source: { value: ["low", "high"] } },
    {
      type: "text_input",
      output_variable_name: "by_whom",
      default: { type: "constant", value: "Ann" },
    },
  ],
  resolved_default_values: { note: "As it is" },
  user_actions: [
    { id: "yes", title: "Approve", button_style: "primary" },
    { id: "no", title: "" },
  ],
  expiration_time: 1_900_000_000,
  site: { site: { title: "Reviews", default_language: "en-US" } as AskedForm["site"]["site"] },
};

function show(answer: () => Response) {
  const bodies: unknown[] = [];
  const server = new FormServer("tok", async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return answer();
  });
  render(<AskPage form={form} server={server} />);
  return bodies;
}

const refusal =
  (status: number, code: string, message = "no") =>
  () =>
    new Response(JSON.stringify({ code, message, status }), { status });

describe("the parts of a form", () => {
  it("places fields where the text has them, the others at the end", () => {
    const parts = partsOf(form.form_content, fieldsOf(form)).map((part) =>
      "text" in part ? part.text.trim() : part.field.name,
    );
    expect(parts).toEqual(["# Draft", "note", "then", "level", "end", "by_whom"]);
  });

  it("gives a field one place only", () => {
    const [field] = fieldsOf(form) as [InputField];
    const parts = partsOf("{{#$output.note#}}{{#$output.note#}}", [field]);
    expect(parts).toEqual([{ field }]);
  });

  it("knows defaults, options and what must be given", () => {
    const [note, level, by] = fieldsOf(form);
    expect([note?.initial, note?.required]).toEqual(["As it is", true]);
    expect([level?.options, level?.required]).toEqual([["low", "high"], true]);
    expect([by?.initial, by?.required, by?.label]).toEqual(["Ann", false, "by whom"]);
  });
});

describe("a form's page", () => {
  it("sends what was filled in with the button that was chosen", async () => {
    const bodies = show(() => new Response("{}"));
    expect(screen.getByRole("heading", { name: "Draft" })).toBeTruthy();
    await userEvent.selectOptions(screen.getByLabelText(/level/), "high");
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    expect(bodies).toEqual([
      { action: "yes", inputs: { note: "As it is", level: "high", by_whom: "Ann" } },
    ]);
    expect(screen.getByRole("status").textContent).toContain("Thank you");
  });

  it("asks for what is missing before anything is sent", async () => {
    const bodies = show(() => new Response("{}"));
    await userEvent.clear(screen.getByLabelText(/note/));
    await userEvent.click(screen.getByRole("button", { name: "no" }));
    expect(bodies).toEqual([]);
    expect(screen.getByLabelText(/level/).getAttribute("aria-invalid")).toBe("true");
  });

  it("says that somebody else was first", async () => {
    show(refusal(412, "human_input_form_submitted"));
    await userEvent.selectOptions(screen.getByLabelText(/level/), "low");
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    expect(screen.getByRole("heading").textContent).toBe("This form is answered");
  });

  it("keeps what was filled in when sending fails", async () => {
    show(refusal(400, "invalid_form_data", "level must be one of the following"));
    await userEvent.selectOptions(screen.getByLabelText(/level/), "low");
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    expect(screen.getByRole("alert").textContent).toContain("must be one of");
    expect((screen.getByLabelText(/level/) as HTMLSelectElement).value).toBe("low");
  });
});
