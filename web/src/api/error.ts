/** What the server says when it refuses: `{code, message, status}`, and `params` for the field at fault. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly params: string | undefined;

  constructor(code: string, message: string, status: number, params?: string) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.params = params;
  }

  /** Reads an error answer; a body that is not the contract's JSON becomes `unknown`. */
  static async fromResponse(response: Response): Promise<ApiError> {
    const text = await response.text().catch(() => "");
    try {
      const body = JSON.parse(text) as Record<string, unknown>;
      const word = (value: unknown): string | undefined =>
        typeof value === "string" && value ? value : undefined;
      return new ApiError(
        word(body.code) ?? "unknown",
        word(body.message) ?? word(body.error) ?? response.statusText,
        response.status,
        word(body.params),
      );
    } catch {
      return new ApiError("unknown", response.statusText || text.slice(0, 200), response.status);
    }
  }
}

/** The request never got an answer: no network, server down, or the time limit passed. */
export class UnreachableError extends ApiError {
  constructor(message: string) {
    super("unreachable", message, 0);
    this.name = "UnreachableError";
  }
}
