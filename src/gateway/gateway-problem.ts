/** What can be wrong with a request for a model, or with what serves it. Each has a shape in every dialect. */
export type ProblemKind = keyof typeof STATUS

/** The HTTP status of each, the same in all dialects. */
const STATUS = {
  bad_request: 400,
  /** The prompt does not fit into the model's context. */
  context_exceeded: 400,
  wrong_key: 401,
  unknown_model: 404,
  no_route: 404,
  wrong_method: 405,
  slow_client: 408,
  too_large: 413,
  /** The body is packed in a way that is not known here. */
  wrong_encoding: 415,
  /** Engines ended, or stood still, while they read this very request. No client tries again by itself after that status. */
  harmful: 422,
  /** The key has used up what it may use for now. */
  quota: 429,
  /** Too many requests wait already. */
  busy: 429,
  /** The engine answered with an error of its own. */
  engine: 500,
  /** This dialect, or this part of it, is not there. */
  unsupported: 501,
  /** The engine ended, or fell silent, in the middle of an answer. */
  broken: 502,
  /** No replica came up in time, or none can. */
  not_ready: 503,
  stopping: 503,
} as const

export interface ProblemOptions {
  /** The part of the request it is about, as OpenAI names it. */
  readonly param?: string | undefined
  /** When to try again, in whole seconds. */
  readonly retryAfterS?: number | undefined
  /** Clients that try again by themselves are told not to. */
  readonly mayRetry?: boolean
  readonly cause?: unknown
}

/**
 * A problem that a client of the gateway is told in its own dialect. No {@link WindfallError}: clients of these dialects judge by
 * statuses, types and wordings that are not Windfall's.
 */
export class GatewayProblem extends Error {
  override readonly name = "GatewayProblem"
  readonly kind: ProblemKind
  readonly param: string | null
  readonly retryAfterS: number | null
  readonly mayRetry: boolean

  constructor(kind: ProblemKind, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.param = options.param ?? null
    this.retryAfterS = options.retryAfterS ?? null
    // Claude Code would try a wrong key ten times, for minutes.
    this.mayRetry = options.mayRetry ?? kind !== "wrong_key"
  }

  get status(): number {
    return STATUS[this.kind]
  }
}

/** A request that breaks the rules of its dialect. */
export function badRequest(message: string, param?: string): GatewayProblem {
  return new GatewayProblem("bad_request", message, { param })
}

/** What is too long for the context is told as of a chat's messages: the same of what another dialect calls them. @param field there */
export function tooLongAs(field: string, problem: GatewayProblem): GatewayProblem {
  if (problem.kind !== "context_exceeded") return problem
  const message = problem.message.replace(/(?<=However, your )messages/, field).replace(/messages(?=\.$)/, field)
  return new GatewayProblem(problem.kind, message, { param: field })
}
