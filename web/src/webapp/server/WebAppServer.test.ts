import { describe, expect, it } from "vitest";
import { applyToAnswer } from "@/chat/model/answer";
import { blankAnswer } from "@/chat/model/message";
import { WebAppServer } from "./WebAppServer";

const told = (events: object[]): Response =>
  new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""), {
    headers: { "content-type": "text/event-stream" },
  });
const run = (event: string, data: object = {}) => ({
  event,
  workflow_run_id: "r",
  task_id: "t",
  data: { id: "r", node_id: "ask", node_title: "Approval", ...data },
});

describe("a run that waits for a person", () => {
  it("is followed through its pause, from the event after the last one", async () => {
    const asked: [string, string | null][] = [];
    const answers = [
      told([
        run("workflow_started"),
        run("human_input_required", { form_token: "tok" }),
        run("workflow_paused"),
      ]),
      told([
        run("workflow_started", { reason: "resumption" }),
        run("human_input_form_filled"),
        run("text_chunk", { text: "go" }),
        run("workflow_finished", { status: "succeeded" }),
      ]),
    ];
    const server = new WebAppServer({
      code: "x",
      userId: null,
      storage: localStorage,
      fetch: async (input, init) => {
        asked.push([String(input), new Headers(init?.headers).get("Last-Event-ID")]);
        return answers.shift() ?? told([]);
      },
    });
    let answer = blankAnswer;
    const seen: string[] = [];
    const tokens: string[][] = [];
    for await (const event of server.stream("/workflows/run", {}, new AbortController().signal)) {
      answer = applyToAnswer(answer, event);
      seen.push(`${event.event} ${answer.status}`);
      tokens.push(answer.run?.forms.map((form) => form.token) ?? []);
    }
    expect(asked.map(([path, after]) => [path.replace(/^.*\/api/, ""), after])).toEqual([
      ["/workflows/run", null],
      ["/workflow/r/events?continue_on_pause=true", "3"],
    ]);
    expect(seen).toEqual([
      "workflow_started streaming",
      "human_input_required streaming",
      "workflow_paused paused",
      "workflow_started streaming",
      "human_input_form_filled streaming",
      "text_chunk streaming",
      "workflow_finished streaming",
    ]);
    expect(tokens.slice(2, 4)).toEqual([["tok"], []]);
    expect(answer.text).toBe("go");
  });
});
