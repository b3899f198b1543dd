import { createEvent, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/error";
import type { StreamEvent } from "@/api/events";
import { ChatPanel, type ChatPanelProps } from "./ChatPanel";
import type { ChatClient, SendOptions, UploadOptions } from "./client";

/** A server in memory that answers when it is told to. */
class SlowClient implements ChatClient {
  readonly asked: (SendOptions & { query: string })[] = [];
  readonly stopped: string[] = [];
  readonly rated: unknown[] = [];
  refuse: Error | null = null;
  refuseUpload: Error | null = null;
  private go: (() => void)[] = [];

  async *send(query: string, options: SendOptions): AsyncGenerator<StreamEvent> {
    this.asked.push({ query, ...options });
    if (this.refuse) throw this.refuse;
    const n = this.asked.length;
    const head = { conversation_id: "c", message_id: `m${n}`, task_id: `t${n}` };
    yield { event: "message", id: `m${n}`, answer: `half ${n}`, ...head };
    await new Promise<void>((resolve) => this.go.push(resolve));
    if (!this.stopped.includes(`t${n}`))
      yield { event: "message", id: `m${n}`, answer: `, whole ${n}`, ...head };
    const resources = [
      { position: 1, document_name: "book.pdf", content: "the passage", score: 0.5 },
    ];
    yield {
      event: "message_end",
      id: `m${n}`,
      metadata: { retriever_resources: resources },
      ...head,
    };
  }
  finish = () => this.go.shift()?.();
  stop = async (task: string) => {
    this.stopped.push(task);
    this.finish();
  };
  upload = async (file: File, options?: UploadOptions) => {
    options?.onProgress?.(0.5);
    if (this.refuseUpload) throw this.refuseUpload;
    return { id: `file-${file.name}`, name: file.name, size: file.size };
  };
  feedback = async (...given: unknown[]) => this.rated.push(given);
  suggestedQuestions = async () => ["And then?"];
}

function open(props: Partial<ChatPanelProps> = {}) {
  const client = new SlowClient();
  const user = userEvent.setup();
  render(<ChatPanel client={client} inputs={{ name: "Ada" }} {...props} />);
  const box = screen.getByRole("textbox", { name: "Message" });
  return { client, user, box };
}
const images = { enabled: true, allowed_file_types: ["image"], number_limits: 2 };
const picture = (name = "a.png") => new File(["x"], name, { type: "image/png" });

describe("ChatPanel", () => {
  it("sends with Enter, breaks the line with Shift, and leaves input methods alone", async () => {
    const { client, user, box } = open();
    await user.type(box, "one{Shift>}{Enter}{/Shift}two");
    const choosing = createEvent.keyDown(box, { key: "Enter", isComposing: true });
    fireEvent(box, choosing);
    expect(client.asked).toHaveLength(0);
    await user.keyboard("{Enter}");
    expect(client.asked[0]).toMatchObject({ query: "one\ntwo", inputs: { name: "Ada" } });
    expect(box).toHaveProperty("value", "");
  });

  it("greets with the inputs filled in and asks what is clicked", async () => {
    const { client, user } = open({ opening: "Hello {{ name }}, {{other}}", suggested: ["Why?"] });
    expect(screen.getByText("Hello Ada, {{other}}")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Why?" }));
    expect(client.asked[0]?.query).toBe("Why?");
    expect(screen.queryByText("Start with")).toBeNull();
  });

  it("can be stopped while it answers, and offers more when it is done", async () => {
    const { client, user, box } = open();
    await user.type(box, "one{Enter}");
    await screen.findByText("half 1");
    await user.click(screen.getByRole("button", { name: "Stop" }));
    await waitFor(() => expect(client.stopped).toEqual(["t1"]));
    await screen.findByRole("button", { name: "Answer again" });
    await user.type(box, "two{Enter}");
    await screen.findByText("half 2");
    client.finish();
    await screen.findByText("half 2, whole 2");
    expect(await screen.findByRole("button", { name: "And then?" })).toBeTruthy();
  });

  it("answers again beside the first answer", async () => {
    const { client, user, box } = open();
    await user.type(box, "one{Enter}");
    await screen.findByText("half 1");
    client.finish();
    await user.click(await screen.findByRole("button", { name: "Answer again" }));
    await screen.findByText("half 2");
    client.finish();
    await screen.findByText("2/2");
    await user.click(screen.getByRole("button", { name: "Earlier version" }));
    expect(await screen.findByText("half 1, whole 1")).toBeTruthy();
    expect(client.asked[1]).toMatchObject({ query: "one", parentMessageId: null });
  });

  it("keeps an error at its message, with a way to try again", async () => {
    const { client, user, box } = open();
    client.refuse = new ApiError("provider_quota_exceeded", "raw words", 400);
    await user.type(box, "one{Enter}");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("quota is used up");
    client.refuse = null;
    await user.click(within(alert).getByRole("button", { name: "Try again" }));
    await screen.findByText("half 2");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("rates, and shows the passage behind a source", async () => {
    const { client, user, box } = open();
    await user.type(box, "one{Enter}");
    await screen.findByText("half 1");
    client.finish();
    const like = await screen.findByRole("button", { name: "Good answer" });
    await user.click(like);
    await waitFor(() => expect(like.getAttribute("aria-pressed")).toBe("true"));
    expect(client.rated).toEqual([["m1", "like"]]);
    await user.click(screen.getByRole("button", { name: "Source 1 book.pdf" }));
    expect(await screen.findByText("the passage")).toBeTruthy();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByText("the passage")).toBeNull());
  });

  it("takes files by paste and drop, within the rules, and sends them", async () => {
    const { client, user, box } = open({ fileUpload: images });
    fireEvent.paste(box, { clipboardData: { files: [picture()] } });
    await screen.findByText("a.png");
    const panel = document.querySelector("section") as HTMLElement;
    const dropped = {
      dataTransfer: {
        types: ["Files"],
        files: [new File(["x"], "b.pdf"), picture("c.png"), picture("d.png")],
      },
    };
    fireEvent.dragEnter(panel, dropped);
    expect(screen.getByText("Drop the files to add them")).toBeTruthy();
    fireEvent.drop(panel, dropped);
    const refused = await screen.findByRole("alert");
    expect(refused.textContent).toContain("b.pdf can't be used here");
    expect(refused.textContent).toContain("At most 2 files");
    await user.type(box, "look{Enter}");
    expect(client.asked[0]?.files).toEqual([
      { type: "image", transfer_method: "local_file", upload_file_id: "file-a.png" },
      { type: "image", transfer_method: "local_file", upload_file_id: "file-c.png" },
    ]);
    expect(screen.queryByRole("list", { name: "Files to send" })).toBeNull();
  });

  it("shows why an upload failed and uploads again", async () => {
    const { client, user, box } = open({ fileUpload: images });
    client.refuseUpload = new ApiError("file_too_large", "x", 413);
    fireEvent.paste(box, { clipboardData: { files: [picture()] } });
    expect(await screen.findByText(/too large for the server/)).toBeTruthy();
    client.refuseUpload = null;
    await user.click(screen.getByRole("button", { name: "Upload a.png again" }));
    expect(await screen.findByText("1 B")).toBeTruthy();
  });

  it("adds files by their address, when it is one", async () => {
    const { client, user, box } = open({ fileUpload: images });
    await user.click(screen.getByRole("button", { name: "Add a link to a file" }));
    const entry = await screen.findByRole("textbox", { name: "Address of the file" });
    await user.type(entry, "javascript:alert(1){Enter}");
    expect(screen.getByRole("alert").textContent).toContain("http://");
    await user.clear(entry);
    await user.type(entry, "https://x.test/a.png{Enter}");
    await user.type(box, "look{Enter}");
    expect(client.asked[0]?.files).toEqual([
      { type: "image", transfer_method: "remote_url", url: "https://x.test/a.png" },
    ]);
  });

  it("keeps a message that may not be sent yet", async () => {
    const { client, user, box } = open({ mayAsk: () => false });
    await user.type(box, "one{Enter}");
    expect(client.asked).toHaveLength(0);
    expect(box).toHaveProperty("value", "one");
  });
});
