import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/console";
import type { DefaultModel, ModelChoice, Provider, ProviderModel } from "./types";

const base = "/workspaces/current";

/** Provider ids contain slashes that are part of the path. */
export const providerPath = (provider: string): string =>
  `${base}/model-providers/${provider.split("/").map(encodeURIComponent).join("/")}`;

export const providersQuery = queryOptions({
  queryKey: ["models", "providers"],
  queryFn: async ({ signal }) =>
    (await api.get<{ data: Provider[] }>(`${base}/model-providers`, { signal })).data,
});

export const providerModelsQuery = (provider: string) =>
  queryOptions({
    queryKey: ["models", "of", provider],
    queryFn: async ({ signal }) =>
      (await api.get<{ data: ProviderModel[] }>(`${providerPath(provider)}/models`, { signal }))
        .data,
  });

/** The models of one type that are ready to use. */
export const choicesQuery = (type: string) =>
  queryOptions({
    queryKey: ["models", "choices", type],
    queryFn: async ({ signal }) =>
      (await api.get<{ data: ModelChoice[] }>(`${base}/models/model-types/${type}`, { signal }))
        .data,
  });

/** The model used where none is named; null when there is none. */
export const defaultModelQuery = (type: string) =>
  queryOptions({
    queryKey: ["models", "default", type],
    queryFn: async ({ signal }) =>
      (
        await api.get<{ data: DefaultModel | null }>(`${base}/default-model`, {
          query: { model_type: type },
          signal,
        })
      ).data ?? null,
  });
