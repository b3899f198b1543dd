import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { Page } from "@/api/types";

export type Technique = "high_quality" | "economy";

export interface Dataset {
  id: string;
  name: string;
  description: string | null;
  indexing_technique: Technique | null;
  app_count: number;
  document_count: number;
  word_count: number;
  updated_at: number;
}

export type DocumentState =
  | "queuing"
  | "indexing"
  | "paused"
  | "error"
  | "available"
  | "disabled"
  | "archived";

export interface KnowledgeDocument {
  id: string;
  name: string;
  display_status: DocumentState;
  error: string | null;
  word_count: number | null;
  hit_count: number | null;
  created_at: number;
}

/** How far one document has come. */
export interface Progress {
  id: string;
  completed_segments: number;
  total_segments: number;
}

export interface FoundPassage {
  segment: {
    id: string;
    position: number;
    content: string;
    document: { id: string; name: string };
  };
  score: number | null;
}

const LIMIT = 30;
/** Milliseconds between two looks at documents that are still being read. */
const LOOK = 1_500;

export const datasetsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["datasets", name],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Dataset>>("/datasets", {
        query: { page: pageParam, limit: LIMIT, keyword: name || undefined },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: ["dataset", id],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${id}`, { signal }),
  });

/** True while somebody is still at work on a document. */
export function isMoving({ display_status: state }: KnowledgeDocument): boolean {
  return state === "queuing" || state === "indexing";
}

export const documentsQuery = (id: string, keyword: string) =>
  infiniteQueryOptions({
    queryKey: ["dataset", id, "documents", keyword],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<KnowledgeDocument>>(`/datasets/${id}/documents`, {
        query: { page: pageParam, limit: LIMIT, keyword: keyword || undefined },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.has_more ? last.page + 1 : undefined),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some(isMoving)) ? LOOK : false,
  });

export const progressQuery = (id: string) =>
  queryOptions({
    queryKey: ["dataset", id, "progress"],
    queryFn: async ({ signal }) =>
      (await api.get<{ data: Progress[] }>(`/datasets/${id}/indexing-status`, { signal })).data,
    refetchInterval: LOOK,
  });

/** Uploads files and has them read, as one batch. */
export async function addDocuments(
  dataset: Dataset,
  files: readonly File[],
  technique: Technique,
): Promise<void> {
  const uploaded = await Promise.all(
    files.map((file) => api.upload<{ id: string }>("/files/upload", file, { source: "datasets" })),
  );
  await api.post(`/datasets/${dataset.id}/documents`, {
    indexing_technique: dataset.indexing_technique ?? technique,
    process_rule: { mode: "automatic" },
    doc_form: "text_model",
    data_source: {
      info_list: {
        data_source_type: "upload_file",
        file_info_list: { file_ids: uploaded.map(({ id }) => id) },
      },
    },
  });
}
