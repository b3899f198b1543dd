/**
 * One HTTP client for one API prefix. Sends cookies, adds the headers it is told to add, turns
 * refusals into `ApiError`, and on an expired session refreshes once and repeats the call once.
 */
import { ApiError, UnreachableError } from "./error";

export type Query = Record<
  string,
  string | number | boolean | readonly string[] | null | undefined
>;

export interface ClientOptions {
  /** Path prefix, such as `/console/api`. */
  base: string;
  /** Read before each call, so that a rotated token is picked up. */
  headers?: () => Record<string, string>;
  /** Tries to renew the session; shared by all calls that fail meanwhile. Answers whether it worked. */
  refresh?: () => Promise<boolean>;
  fetch?: typeof fetch;
}

export interface CallOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** False for calls that must not trigger a session refresh (sign-in itself). */
  session?: boolean;
  /** Lets the call outlive the page, for calls made while leaving it. */
  keepalive?: boolean;
  headers?: Record<string, string>;
}

/** Calls without a stream give up after this long, in milliseconds. */
const TIMEOUT = 100_000;
/** A 401 with one of these codes is about set-up or a wrong password; a refresh would not mend it. */
const NOT_EXPIRY = new Set([
  "not_setup",
  "not_init_validated",
  "authentication_failed",
  "init_validate_failed",
]);

export class Client {
  readonly #options: ClientOptions;
  #refreshing: Promise<boolean> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get = <T>(path: string, options?: CallOptions): Promise<T> => this.#json<T>("GET", path, options);
  post = <T>(path: string, body?: unknown, options?: CallOptions): Promise<T> =>
    this.#json<T>("POST", path, { ...options, body });
  put = <T>(path: string, body?: unknown, options?: CallOptions): Promise<T> =>
    this.#json<T>("PUT", path, { ...options, body });
  patch = <T>(path: string, body?: unknown, options?: CallOptions): Promise<T> =>
    this.#json<T>("PATCH", path, { ...options, body });
  delete = <T>(path: string, options?: CallOptions): Promise<T> =>
    this.#json<T>("DELETE", path, options);

  /** Starts a streamed call. The answer is an event stream; anything else is an error. */
  async stream(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const response = await this.#send("POST", path, { body, signal }, undefined);
    if (!response.headers.get("content-type")?.includes("text/event-stream"))
      throw await ApiError.fromResponse(response);
    return response;
  }

  /** Comes back to a stream, after the event with the number `after`. */
  async follow(path: string, after: number, signal: AbortSignal): Promise<Response> {
    const options = { signal, headers: { "Last-Event-ID": String(after) } };
    return await this.#send("GET", path, options, undefined);
  }

  /** Sends one file as multipart field `file`. */
  upload = <T>(
    path: string,
    file: File,
    fields: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<T> => {
    const form = new FormData();
    form.append("file", file);
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    return this.#json<T>("POST", path, { body: form, signal });
  };

  async #json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.#send(method, path, options, TIMEOUT);
    if (response.status === 204) return { result: "success" } as T;
    return (await response.json()) as T;
  }

  async #send(
    method: string,
    path: string,
    options: CallOptions,
    timeout: number | undefined,
  ): Promise<Response> {
    const once = (): Promise<Response> => this.#fetch(method, path, options, timeout);
    let response = await once();
    if (response.ok) return response;
    let error = await ApiError.fromResponse(response);
    const mayRefresh = options.session !== false && this.#options.refresh !== undefined;
    if (
      response.status === 401 &&
      mayRefresh &&
      !NOT_EXPIRY.has(error.code) &&
      (await this.#refreshOnce())
    ) {
      response = await once();
      if (response.ok) return response;
      error = await ApiError.fromResponse(response);
    }
    throw error;
  }

  #refreshOnce(): Promise<boolean> {
    this.#refreshing ??= (this.#options.refresh?.() ?? Promise.resolve(false)).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #fetch(
    method: string,
    path: string,
    options: CallOptions,
    timeout: number | undefined,
  ): Promise<Response> {
    const { body, query, signal, keepalive } = options;
    const headers: Record<string, string> = {
      ...this.#options.headers?.(),
      ...options.headers,
    };
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    const signals = [signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout)];
    const given = signals.filter((one) => one !== undefined);
    try {
      return await (this.#options.fetch ?? fetch)(this.#options.base + path + queryText(query), {
        method,
        headers,
        credentials: "include",
        keepalive,
        body: body === undefined ? undefined : isForm ? body : JSON.stringify(body),
        signal: given.length > 1 ? AbortSignal.any(given) : given[0],
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new UnreachableError(error instanceof Error ? error.message : String(error));
    }
  }
}

/** `{a: 1, b: ["x", "y"], c: null}` becomes `?a=1&b=x&b=y`. */
export function queryText(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) for (const one of value) params.append(key, one);
    else params.append(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}
