import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/error";
import { flushUndoable } from "@/ui/toasts";
import { EgressSection } from "./EgressSection";
import { JobSection } from "./JobSection";
import { PartSection } from "./PartSection";
import type { FailedJob } from "./queries";
import { loads } from "./reach";
import { SystemPage } from "./SystemPage";

const { get, post, remove, role, reach } = vi.hoisted(() => ({
  get: vi.fn(),
  post: vi.fn(),
  remove: vi.fn(),
  role: { current: "owner" },
  reach: { answer: true },
}));

vi.mock("@/api/console", () => ({ api: { get, post, delete: remove } }));
vi.mock("./reach", async (original) => ({
  ...(await original<object>()),
  loads: vi.fn(async () => reach.answer),
}));

const answers: Record<string, unknown> = {};
const address = (variable: string, problem: string | null = null) => ({
  variable,
  value: "",
  effective: "http://files.test",
  problem,
  mend: problem ? "Mend it." : "",
});
const job = (id: string, more: Partial<FailedJob> = {}): FailedJob => ({
  id,
  name: `job_${id}`,
  queue: "mail",
  attempts: 3,
  error: `Reason ${id}`,
  created_at: 1,
  finished_at: null,
  ...more,
});

beforeEach(() => {
  vi.clearAllMocks();
  role.current = "owner";
  reach.answer = true;
  Object.assign(answers, {
    "/system/parts": { version: "1.2.3", shape: "embedded", data: [] },
    "/system/addresses": { data: [address("FILES_URL")], probe: "http://files.test/x.svg" },
    "/system/jobs": { page: 1, has_more: false, total: 0, data: [] },
    "/system/egress": { addresses: [], domains: [], proxy: "", refused: [] },
  });
  get.mockImplementation(async (path: string) => {
    const answer = answers[path];
    if (answer instanceof Error) throw answer;
    return answer;
  });
  post.mockImplementation(async (path: string) =>
    path === "/workspaces/current" ? { id: "w", name: "W", role: role.current } : {},
  );
  remove.mockResolvedValue({});
});

function show(what: React.ReactElement) {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(<QueryClientProvider client={cache}>{what}</QueryClientProvider>);
}

describe("the parts", () => {
  it("say what does not work and how to mend it", async () => {
    answers["/system/parts"] = {
      version: "1.2.3",
      shape: "fleet",
      data: [
        { part: "cache", configured: "redis", problem: "No answer.", mend: "Start Redis." },
        { part: "database", configured: "postgresql", problem: null, mend: "" },
      ],
    };
    show(<PartSection />);
    const [cache, database] = await screen.findAllByRole("listitem");
    expect(cache?.textContent).toContain("No answer. Start Redis.");
    expect(
      within(cache as HTMLElement)
        .getByRole("img")
        .getAttribute("aria-label"),
    ).toBe("Does not work");
    expect(
      within(database as HTMLElement)
        .getByRole("img")
        .getAttribute("aria-label"),
    ).toBe("Works");
    await userEvent.click(screen.getByRole("button"));
    await waitFor(() => expect(get).toHaveBeenCalledTimes(2));
  });
});

describe("the address of files", () => {
  it("is tried out from the browser", async () => {
    reach.answer = false;
    show(<SystemPage />);
    expect(await screen.findByText(/This browser does not reach/)).toBeTruthy();
    expect(loads).toHaveBeenCalledWith("http://files.test/x.svg");
  });

  it("is left alone when a picture from there can be loaded", async () => {
    show(<SystemPage />);
    await waitFor(() => expect(loads).toHaveBeenCalled());
    expect(await screen.findByText("FILES_URL")).toBeTruthy();
    expect(screen.queryByText(/This browser does not reach/)).toBeNull();
  });

  it("waits for the picture's own word", async () => {
    const { loads: really } = await vi.importActual<typeof import("./reach")>("./reach");
    for (const [event, reached] of [
      ["onload", true],
      ["onerror", false],
    ] as const) {
      const picture = { src: "" } as HTMLImageElement;
      const asked = really("http://files.test/x.svg", picture);
      expect(picture.src).toBe("http://files.test/x.svg");
      (picture[event] as () => void)();
      expect(await asked).toBe(reached);
    }
  });
});

describe("failed jobs", () => {
  it("are tried again", async () => {
    answers["/system/jobs"] = { page: 1, has_more: false, total: 1, data: [job("a")] };
    show(<JobSection />);
    expect(await screen.findByText("Reason a")).toBeTruthy();
    answers["/system/jobs"] = { page: 1, has_more: false, total: 0, data: [] };
    await userEvent.click(screen.getByRole("button", { name: "Retry job_a" }));
    expect(post).toHaveBeenCalledWith("/system/jobs/a/retry");
    expect(await screen.findByText(/No job has failed/)).toBeTruthy();
  });

  it("are deleted after the time to undo, and only that one", async () => {
    answers["/system/jobs"] = { page: 1, has_more: false, total: 2, data: [job("a"), job("b")] };
    show(<JobSection />);
    await screen.findByText("Reason a");
    answers["/system/jobs"] = { page: 1, has_more: false, total: 1, data: [job("b")] };
    await userEvent.click(screen.getByRole("button", { name: "Delete job_a" }));
    expect(screen.queryByText("Reason a")).toBeNull();
    expect(screen.getByText("Reason b")).toBeTruthy();
    expect(remove).not.toHaveBeenCalled();
    flushUndoable();
    await waitFor(() => expect(remove).toHaveBeenCalledOnce());
    expect(remove.mock.calls[0]?.[0]).toBe("/system/jobs/a");
  });

  it("come page by page", async () => {
    answers["/system/jobs"] = { page: 1, has_more: true, total: 2, data: [job("a")] };
    show(<JobSection />);
    await screen.findByText("Reason a");
    answers["/system/jobs"] = {
      page: 2,
      has_more: false,
      total: 2,
      data: [job("b", { error: "" })],
    };
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(await screen.findByText("It gave no reason.")).toBeTruthy();
    expect(get.mock.calls.at(-1)?.[1]).toMatchObject({ query: { page: 2 } });
  });
});

describe("outbound requests", () => {
  it("show exemptions and refusals", async () => {
    answers["/system/egress"] = {
      addresses: ["10.0.0.0/8"],
      domains: [],
      proxy: "http://squid:3128",
      refused: [{ host: "::1", port: 80, times: 2, last: 1 }],
    };
    show(<EgressSection />);
    expect(await screen.findByText("10.0.0.0/8")).toBeTruthy();
    expect(screen.getByText("none")).toBeTruthy();
    expect(screen.getByText("[::1]:80")).toBeTruthy();
  });
});

describe("the page", () => {
  it("is closed to editors, and asks nothing for them", async () => {
    role.current = "editor";
    show(<SystemPage />);
    expect(await screen.findByText(/Only owners and admins/)).toBeTruthy();
    expect(get).not.toHaveBeenCalled();
  });

  it("is closed in later workspaces, and says so", async () => {
    const refusal = { code: "not_first_workspace", message: "No.", status: 403 };
    const error = await ApiError.fromResponse(Response.json(refusal, { status: 403 }));
    for (const path of Object.keys(answers)) answers[path] = error;
    show(<SystemPage />);
    expect(await screen.findByText(/first workspace shows this/)).toBeTruthy();
    await waitFor(() => expect(screen.queryByText("Parts")).toBeNull());
  });
});
