import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Finding } from "@/api/types";
import { FindingList } from "./FindingList";

vi.mock("@tanstack/react-router", () => ({
  Link: ({ search, children }: { search: { node: string }; children: string }) => (
    <a href={`?node=${search.node}`}>{children}</a>
  ),
}));

const finding = (number: number, more: Partial<Finding> = {}): Finding => ({
  level: "error",
  node_id: `n${number}`,
  title: `Node ${number}`,
  field: "model",
  message: `Fault ${number}`,
  mend: "Mend it.",
  ...more,
});

describe("FindingList", () => {
  it("leads to the node at fault", () => {
    render(<FindingList appId="a" findings={[finding(1)]} />);
    expect(screen.getByRole("link", { name: "Node 1" }).getAttribute("href")).toBe("?node=n1");
    expect(screen.getByText(/Fault 1/)).toBeTruthy();
    expect(screen.getByText(/Mend it/)).toBeTruthy();
  });

  it("names no node for faults of the whole app", () => {
    render(<FindingList appId="a" findings={[finding(1, { node_id: "", title: "" })]} />);
    expect(screen.queryByRole("link")).toBeNull();
  });

  it("shows the first ones until all are asked for", async () => {
    render(<FindingList appId="a" findings={[1, 2, 3, 4, 5, 6, 7].map((n) => finding(n))} />);
    expect(screen.getAllByRole("listitem")).toHaveLength(5);
    await userEvent.click(screen.getByRole("button"));
    expect(screen.getAllByRole("listitem")).toHaveLength(7);
    expect(screen.queryByRole("button")).toBeNull();
  });
});
