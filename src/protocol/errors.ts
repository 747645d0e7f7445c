/**
 * The closed set of things that can go wrong, with what each means to HTTP and to a shell.
 * Exit 2: refused, nothing changed. Exit 125: Windfall itself failed. Exit 69 and 77 follow sysexits' meaning.
 */
const CODES = {
  invalid_input: { status: 400, exitCode: 2 },
  unknown_command: { status: 400, exitCode: 2 },
  too_large: { status: 413, exitCode: 2 },
  not_logged_in: { status: 401, exitCode: 2 },
  token_expired: { status: 401, exitCode: 2 },
  not_allowed: { status: 403, exitCode: 2 },
  code_refused: { status: 403, exitCode: 2 },
  too_many_tries: { status: 429, exitCode: 2 },
  job_not_found: { status: 404, exitCode: 2 },
  host_not_found: { status: 404, exitCode: 2 },
  user_not_found: { status: 404, exitCode: 2 },
  secret_not_found: { status: 404, exitCode: 2 },
  booking_not_found: { status: 404, exitCode: 2 },
  data_not_found: { status: 404, exitCode: 2 },
  token_not_found: { status: 404, exitCode: 2 },
  key_not_found: { status: 404, exitCode: 2 },
  model_not_found: { status: 404, exitCode: 2 },
  pull_not_found: { status: 404, exitCode: 2 },
  invite_not_found: { status: 404, exitCode: 2 },
  target_not_found: { status: 404, exitCode: 2 },
  file_not_found: { status: 404, exitCode: 2 },
  route_not_found: { status: 404, exitCode: 2 },
  method_not_allowed: { status: 405, exitCode: 2 },
  name_taken: { status: 409, exitCode: 2 },
  wrong_state: { status: 409, exitCode: 2 },
  blobs_missing: { status: 409, exitCode: 125 },
  idempotency_mismatch: { status: 409, exitCode: 2 },
  never_fits: { status: 422, exitCode: 2 },
  host_key_unconfirmed: { status: 409, exitCode: 2 },
  host_key_changed: { status: 409, exitCode: 2 },
  host_refused: { status: 422, exitCode: 2 },
  host_claimed: { status: 409, exitCode: 2 },
  server_doubled: { status: 409, exitCode: 2 },
  host_unreachable: { status: 502, exitCode: 2 },
  local_network_denied: { status: 502, exitCode: 2 },
  authentication_refused: { status: 502, exitCode: 2 },
  host_left: { status: 409, exitCode: 2 },
  host_busy: { status: 409, exitCode: 2 },
  unsafe_bind: { status: 400, exitCode: 2 },
  data_folder_in_use: { status: 409, exitCode: 2 },
  data_folder_gone: { status: 500, exitCode: 125 },
  database_too_new: { status: 500, exitCode: 2 },
  disk_full: { status: 507, exitCode: 125 },
  hub_unreachable: { status: 502, exitCode: 2 },
  server_unreachable: { status: 503, exitCode: 2 },
  protocol_mismatch: { status: 426, exitCode: 2 },
  link_lost: { status: 502, exitCode: 125 },
  login_lost: { status: 401, exitCode: 125 },
  unsafe_path: { status: 422, exitCode: 125 },
  corrupt_data: { status: 500, exitCode: 125 },
  internal: { status: 500, exitCode: 125 },
} as const satisfies Record<string, { status: number; exitCode: number }>

export type ErrorCode = keyof typeof CODES

/** What an error looks like on every wire of Windfall. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint?: string
    readonly details?: Readonly<Record<string, unknown>>
  }
}

export interface WindfallErrorOptions {
  /** What to do next, as one sentence or a line to type. */
  readonly hint?: string | undefined
  /** Machine-readable facts; never secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/**
 * The one error class of Windfall. `message` reads `Cannot <verb> <thing>: <reason>` with the offending value, without a
 * final full stop. Programming mistakes use TypeError, RangeError, SyntaxError instead.
 */
export class WindfallError extends Error {
  override readonly name = "WindfallError"
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, message: string, options: WindfallErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.details = options.details
  }

  /** The status the HTTP API answers with. */
  get status(): number {
    return CODES[this.code].status
  }

  /** The exit code of the command line when this error ends it before a job was accepted. */
  get exitCode(): number {
    return CODES[this.code].exitCode
  }

  toBody(): ErrorBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(this.hint === undefined ? {} : { hint: this.hint }),
        ...(this.details === undefined ? {} : { details: this.details }),
      },
    }
  }

  /** Reads a body received over a wire; anything unexpected becomes `internal` with what was there. */
  static fromBody(body: unknown): WindfallError {
    const error = (body as Partial<ErrorBody> | null | undefined)?.error
    if (typeof error !== "object" || error === null || typeof error.message !== "string" || !isErrorCode(error.code)) {
      return new WindfallError("internal", `Cannot read the answer: ${JSON.stringify(body)?.slice(0, 200)}`)
    }
    return new WindfallError(error.code, error.message, { hint: error.hint, details: error.details })
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(CODES, code)
}

/** Wraps whatever was thrown, once, at a boundary. */
export function toWindfallError(thrown: unknown, doing: string): WindfallError {
  if (thrown instanceof WindfallError) return thrown
  const cause = thrown as { code?: unknown; message?: unknown } | null | undefined
  const reason = typeof cause?.message === "string" ? cause.message : String(thrown)
  const code = cause?.code === "ENOSPC" || cause?.code === "EDQUOT" ? "disk_full" : "internal"
  return new WindfallError(code, `Cannot ${doing}: ${reason}`, { cause: thrown })
}
