import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { ApiError, UnreachableError } from "@/api/error";
import { errorText } from "./errorText";
import { TextField } from "./Field";
import { JsonTree } from "./JsonTree";
import { relative } from "./RelativeTime";
import { amount, duration } from "./units";
import { words } from "./words";

describe("JsonTree", () => {
  it("folds below the levels it opens, and unfolds on a click", async () => {
    render(<JsonTree value={{ a: { b: { c: "deep" } } }} open={2} />);
    expect(screen.queryByText("deep")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /^b/ }));
    expect(screen.getByText("deep")).toBeTruthy();
  });

  it("draws long lists in parts", async () => {
    render(<JsonTree value={Array.from({ length: 250 }, (_, at) => `v${at}`)} />);
    expect(screen.queryByText("v100")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "150 items" }));
    expect(screen.getByText("v100")).toBeTruthy();
    expect(screen.queryByText("v200")).toBeNull();
  });

  it("shows what is empty as what it is", () => {
    render(<JsonTree value={{ none: null, list: [], text: "", no: false }} />);
    for (const shown of ["null", "[]", '""', "false"]) expect(screen.getByText(shown)).toBeTruthy();
  });
});

describe("TextField", () => {
  it("says the error instead of the help, to readers too", () => {
    const { rerender } = render(<TextField label="Name" help="Your name" />);
    const field = screen.getByLabelText("Name");
    expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
      "Your name",
    );
    rerender(<TextField label="Name" help="Your name" error="Too long" />);
    expect(screen.getByRole("alert").textContent).toBe("Too long");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(screen.queryByText("Your name")).toBeNull();
  });
});

describe("errorText", () => {
  it("uses our words for codes with a mend, the server's for the rest", () => {
    expect(errorText(new ApiError("max_keys_exceeded", "x", 400))).toMatch(/Delete one first/);
    expect(errorText(new ApiError("invalid_param", "name is too long", 400))).toBe(
      "name is too long",
    );
    expect(errorText(new ApiError("unknown", "boom", 500))).toMatch(/500.*boom/);
    expect(errorText(new UnreachableError("x"))).toMatch(/did not answer/);
    expect(errorText(new ApiError("unknown", "Bad Gateway", 502))).toMatch(/did not answer/);
  });
});

describe("units", () => {
  it("fit the size of the number", () => {
    expect([0.0042, 0.5, 2.414, 59.94, 185].map(duration)).toEqual([
      "4 ms",
      "500 ms",
      "2.41 s",
      "59.9 s",
      "3 min 5 s",
    ]);
    expect([0, 12.345, 1523, 12_345, 4_560_000].map(amount)).toEqual([
      "0",
      "12.35",
      "1\u202f523",
      "12.3k",
      "4.6M",
    ]);
  });

  it("tell time apart from now", () => {
    expect(relative(1000, 1000 + 7200, "en")).toBe("2 hours ago");
    expect(relative(1000, 1010, "en")).toBe("now");
  });

  it("fall back to the other language", () => {
    expect(words({ en_US: "Key", zh_Hans: "密钥" }, "zh")).toBe("密钥");
    expect(words({ en_US: "Key" }, "zh")).toBe("Key");
    expect(words(null, "en")).toBe("");
  });
});
