import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { flushUndoable } from "@/ui/toasts";
import { actionsOf, DocumentRow } from "./DocumentRow";
import { addDocuments, type Dataset, isMoving, type KnowledgeDocument } from "./queries";
import { fileName } from "./TextDialog";

const { upload, post, patch, remove } = vi.hoisted(() => ({
  upload: vi.fn(),
  post: vi.fn(),
  patch: vi.fn(),
  remove: vi.fn(),
}));

vi.mock("@/api/console", () => ({ api: { upload, post, patch, delete: remove } }));
vi.mock("@/features/account/roles", () => ({ useAbilities: () => ({ teach: true }) }));

const document = (more: Partial<KnowledgeDocument> = {}): KnowledgeDocument => ({
  id: "d1",
  name: "Notes.txt",
  display_status: "available",
  error: null,
  word_count: 12,
  hit_count: 0,
  created_at: 1,
  ...more,
});

beforeEach(() => {
  vi.resetAllMocks();
  patch.mockResolvedValue({});
  post.mockResolvedValue({});
  remove.mockResolvedValue({});
});

function show(row: KnowledgeDocument) {
  const cache = new QueryClient();
  cache.setQueryData(["dataset", "k", "documents", ""], {
    pages: [{ page: 1, limit: 30, total: 1, has_more: false, data: [row] }],
    pageParams: [1],
  });
  render(
    <QueryClientProvider client={cache}>
      <ul>
        <DocumentRow
          datasetId="k"
          document={row}
          progress={{ id: "d1", completed_segments: 3, total_segments: 9 }}
        />
      </ul>
    </QueryClientProvider>,
  );
  return cache;
}

describe("a document", () => {
  it("shows how far it has come while it is read", () => {
    show(document({ display_status: "indexing" }));
    expect(screen.getByRole("progressbar", { name: "3 of 9 passages" }).getAttribute("value")).toBe(
      "3",
    );
    expect(isMoving(document({ display_status: "indexing" }))).toBe(true);
    expect(isMoving(document({ display_status: "paused" }))).toBe(false);
  });

  it("says why it failed, and is tried again", async () => {
    show(document({ display_status: "error", error: "The file is damaged." }));
    expect(screen.queryByText("The file is damaged.")).not.toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "More actions" }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Try again" }));
    await waitFor(() =>
      expect(post).toHaveBeenCalledWith("/datasets/k/retry", { document_ids: ["d1"] }),
    );
  });

  it("is switched off by its own address", async () => {
    show(document());
    await userEvent.click(screen.getByRole("button", { name: "More actions" }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Switch off" }));
    await waitFor(() =>
      expect(patch).toHaveBeenCalledWith(
        "/datasets/k/documents/status/disable/batch?document_id=d1",
      ),
    );
  });

  it("is gone from the list at once, and deleted when there is no way back", async () => {
    const cache = show(document());
    await userEvent.click(screen.getByRole("button", { name: "More actions" }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Delete" }));
    const kept = cache.getQueryData<{ pages: { data: unknown[] }[] }>([
      "dataset",
      "k",
      "documents",
      "",
    ]);
    expect(kept?.pages[0]?.data).toEqual([]);
    expect(remove).not.toHaveBeenCalled();
    flushUndoable();
    await waitFor(() =>
      expect(remove).toHaveBeenCalledWith(
        "/datasets/k/documents?document_id=d1",
        expect.anything(),
      ),
    );
  });

  it("can be deleted, and nothing else, once it is archived", () => {
    expect(actionsOf.archived).toEqual([]);
  });
});

describe("adding", () => {
  const base = { id: "k", indexing_technique: null } as Dataset;

  it("uploads first, then has all files read as one batch", async () => {
    upload.mockImplementation(async (_path: string, file: File) => ({ id: file.name }));
    const files = [new File(["a"], "a.txt"), new File(["b"], "b.txt")];
    await addDocuments(base, files, "economy");
    expect(post).toHaveBeenCalledTimes(1);
    const [path, body] = post.mock.calls[0] as [string, Record<string, object>];
    expect(path).toBe("/datasets/k/documents");
    expect(body).toMatchObject({
      indexing_technique: "economy",
      data_source: { info_list: { file_info_list: { file_ids: ["a.txt", "b.txt"] } } },
    });
  });

  it("keeps to what was decided before", async () => {
    upload.mockResolvedValue({ id: "1" });
    await addDocuments({ ...base, indexing_technique: "high_quality" }, [], "economy");
    expect(post.mock.calls[0]?.[1]).toMatchObject({ indexing_technique: "high_quality" });
  });

  it("gives texts names that files may have", () => {
    expect(fileName(' A/B: "c" ')).toBe("A-B- -c-.txt");
  });
});
