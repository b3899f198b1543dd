import type { Provider } from "./types";

/** The provider that stands for any endpoint speaking the OpenAI protocol, in each spelling of its id. */
export function ownEndpoint(providers: readonly Provider[]): Provider | undefined {
  const byName = providers.find(({ provider }) => /openai[_-]api[_-]compatible/.test(provider));
  return byName ?? providers.find(({ provider }) => /openai.*compatible/.test(provider));
}
