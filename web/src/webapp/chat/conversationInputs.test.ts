import { describe, expect, it } from "vitest";
import { sentAgain } from "./conversationInputs";

describe("inputs of a stored conversation", () => {
  it("are sent again as requests may name them", () => {
    const stored = {
      name: "Ada",
      count: 3,
      data: { a: 1 },
      file: {
        type: "image",
        transfer_method: "local_file",
        related_id: "u1",
        filename: "a.png",
        url: "/files/x",
      },
      files: [
        {
          type: "document",
          transfer_method: "remote_url",
          remote_url: "https://x.test/a.pdf",
          url: "/proxy",
        },
      ],
    };
    expect(sentAgain(stored)).toEqual({
      name: "Ada",
      count: 3,
      data: { a: 1 },
      file: { type: "image", transfer_method: "local_file", upload_file_id: "u1" },
      files: [{ type: "document", transfer_method: "remote_url", url: "https://x.test/a.pdf" }],
    });
  });
});
