/** The cache of server state, and what happens when the session turns out to be over. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";

/** Codes of 401 that mean "sign in again", not "this password is wrong". */
export function isSignedOut(error: unknown): boolean {
  return (
    error instanceof ApiError && error.status === 401 && error.code !== "authentication_failed"
  );
}

export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (isSignedOut(error)) onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: true,
        // A refusal stays a refusal; only a silent server is worth asking again.
        retry: (count, error) =>
          count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
      },
    },
  });
}
