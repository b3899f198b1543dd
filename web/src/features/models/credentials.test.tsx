import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, it } from "vitest";
import { CredentialFields, defaultValues, fieldAtFault, filledValues } from "./CredentialFields";
import { ownEndpoint } from "./ownEndpoint";
import { providerPath } from "./queries";
import type { FormSchema, Provider } from "./types";

const schemas: FormSchema[] = [
  {
    variable: "kind",
    label: { en_US: "Kind" },
    type: "select",
    default: "chat",
    options: [
      { value: "chat", label: { en_US: "Chat" } },
      { value: "text", label: { en_US: "Text" } },
    ],
  },
  { variable: "api_key", label: { en_US: "API key" }, type: "secret-input", required: true },
  {
    variable: "suffix",
    label: { en_US: "Suffix" },
    type: "text-input",
    show_on: [{ variable: "kind", value: "text" }],
  },
];

function Form({ fault }: { fault?: { variable: string; text: string } }) {
  const [values, setValues] = useState(defaultValues(schemas));
  return (
    <>
      <CredentialFields schemas={schemas} values={values} onChange={setValues} fault={fault} />
      <output>{JSON.stringify(filledValues(schemas, values))}</output>
    </>
  );
}

describe("CredentialFields", () => {
  it("shows fields by their conditions and sends only what is shown and filled", async () => {
    render(<Form />);
    expect(screen.queryByLabelText("Suffix")).toBeNull();
    await userEvent.selectOptions(screen.getByLabelText("Kind"), "text");
    await userEvent.type(screen.getByLabelText("Suffix"), "x");
    expect(screen.getByRole("status").textContent).toBe('{"kind":"text","suffix":"x"}');
    await userEvent.selectOptions(screen.getByLabelText("Kind"), "chat");
    expect(screen.getByRole("status").textContent).toBe('{"kind":"chat"}');
  });

  it("hides keys from the eye and puts the error at the field", () => {
    render(<Form fault={{ variable: "api_key", text: "Refused" }} />);
    const key = screen.getByLabelText(/API key/);
    expect(key.getAttribute("type")).toBe("password");
    expect(key.getAttribute("aria-invalid")).toBe("true");
  });
});

describe("providers", () => {
  it("blame the named field, else the key", () => {
    expect(fieldAtFault(schemas, "suffix")).toBe("suffix");
    expect(fieldAtFault(schemas, "nonsense")).toBe("api_key");
    expect(fieldAtFault([], undefined)).toBeUndefined();
    const both: FormSchema[] = [
      ...schemas,
      { variable: "endpoint_url", label: {}, type: "text-input" },
    ];
    expect(fieldAtFault(both, undefined, "The endpoint refused the key (401).")).toBe("api_key");
    expect(fieldAtFault(both, undefined, "The endpoint can't be reached.")).toBe("endpoint_url");
  });

  it("keep the slashes of their ids", () => {
    expect(providerPath("a/b c/d")).toBe("/workspaces/current/model-providers/a/b%20c/d");
  });

  it("are searched for the free endpoint in each spelling", () => {
    const named = (provider: string) => ({ provider }) as Provider;
    expect(
      ownEndpoint([
        named("x/openai/openai"),
        named("x/openai_api_compatible/openai_api_compatible"),
      ])?.provider,
    ).toContain("compatible");
    expect(ownEndpoint([named("x/openai/openai")])).toBeUndefined();
  });
});
