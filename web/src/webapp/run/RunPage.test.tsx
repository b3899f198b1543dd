import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { parseForm } from "../form/fields";
import { chatClient } from "../server/chatClient";
import { WebAppServer } from "../server/WebAppServer";
import RunPage from "./RunPage";

const form = [
  { "text-input": { label: "Topic", variable: "topic", required: true } },
  { number: { label: "Count", variable: "count", default: 2 } },
];
const frames = (events: object[]): Response =>
  new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""), {
    headers: { "content-type": "text/event-stream" },
  });
const run = (status: string, outputs: object | null, error: string | null = null) => [
  {
    event: "workflow_started",
    task_id: "t",
    workflow_run_id: "r",
    data: { id: "r", workflow_id: "w" },
  },
  {
    event: "node_started",
    task_id: "t",
    data: { id: "n", node_id: "n", node_type: "llm", title: "Write" },
  },
  { event: "text_chunk", task_id: "t", data: { text: "**par**" } },
  {
    event: "node_finished",
    task_id: "t",
    data: {
      id: "n",
      node_id: "n",
      node_type: "llm",
      title: "Write",
      status,
      error,
      elapsed_time: 1,
    },
  },
  {
    event: "workflow_finished",
    task_id: "t",
    data: { id: "r", workflow_id: "w", status, outputs, error, elapsed_time: 1.2 },
  },
];

function open(kind: "workflow" | "completion", answer: () => Response) {
  const bodies: unknown[] = [];
  const server = new WebAppServer({
    code: "x",
    userId: null,
    storage: localStorage,
    fetch: async (_, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return answer();
    },
  });
  const place = { kind, code: "x", inputs: {}, userId: null, conversationId: "" };
  const app = {
    place,
    server,
    client: chatClient(server, {}),
    site: { title: "Writer" },
    parameters: {},
    fields: parseForm(form),
    fileUpload: undefined,
  };
  render(<RunPage app={app} />);
  return { bodies, user: userEvent.setup() };
}

describe("the form page", () => {
  it("asks for what is missing before it runs", async () => {
    const { bodies, user } = open("workflow", () => frames([]));
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect(screen.getByRole("alert").textContent).toContain("This is needed");
    expect(bodies).toHaveLength(0);
  });

  it("runs a workflow and shows outputs and steps", async () => {
    const { bodies, user } = open("workflow", () =>
      frames(run("succeeded", { text: "Done **well**", score: 0.9 })),
    );
    await user.type(screen.getByLabelText(/Topic/), "orbits");
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect(await screen.findByText("well")).toBeTruthy();
    expect(screen.getByText("0.9")).toBeTruthy();
    expect(screen.getByText("1 step")).toBeTruthy();
    expect(bodies[0]).toEqual({
      inputs: { topic: "orbits", count: 2 },
      files: [],
      response_mode: "streaming",
    });
    expect(screen.getByRole("button", { name: "Run again" })).toBeTruthy();
  });

  it("says why a run failed, at the result and at the node", async () => {
    const { user } = open("workflow", () => frames(run("failed", null, "the model is gone")));
    await user.type(screen.getByLabelText(/Topic/), "x");
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect((await screen.findByRole("alert")).textContent).toContain("the model is gone");
    expect(screen.getByText("par")).toBeTruthy();
  });

  it("runs a text generator and lets its result be rated", async () => {
    const events = [
      { event: "message", id: "m", message_id: "m", task_id: "t", answer: "A poem" },
      { event: "message_end", id: "m", message_id: "m", task_id: "t", metadata: {} },
    ];
    const { user } = open("completion", () => frames(events));
    await user.type(screen.getByLabelText(/Topic/), "x");
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect(await screen.findByText("A poem", { selector: "p" })).toBeTruthy();
    expect(screen.getByRole("button", { name: "Good result" })).toBeTruthy();
  });

  it("shows a refusal of the server", async () => {
    const refusal = { code: "too_many_requests", message: "x", status: 429 };
    const { user } = open("workflow", () => Response.json(refusal, { status: 429 }));
    await user.type(screen.getByLabelText(/Topic/), "x");
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect((await screen.findByRole("alert")).textContent).toContain("Too many people");
  });
});
