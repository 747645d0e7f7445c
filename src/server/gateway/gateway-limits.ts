/** Sizes and times of the gateway; the defaults suit a lab. Times are in milliseconds. */
export interface GatewayLimits {
  /** The largest request. */
  readonly bodyBytes: number
  /** What the bodies of all requests may hold together, until the first token of their answers has come. */
  readonly allBodiesBytes: number
  /** A request must have come whole within this. */
  readonly bodyMs: number
  /** How long a request waits for a model that is not up. */
  readonly coldMs: number
  /** How long it waits for its turn at one that is. */
  readonly turnMs: number
  /** How many requests may wait for one model: of all, and of one user. */
  readonly waiting: number
  readonly waitingOfOne: number
  /** How long a connection to an engine may take. */
  readonly connectMs: number
  /** An engine that sends nothing of an answer for this long is taken for stuck. */
  readonly silenceMs: number
  /** A client of a stream hears of it at least this often, once an engine is at it. */
  readonly aliveMs: number
  /** A client that takes nothing for this long is left. */
  readonly drainMs: number
  /** The largest whole answer of an engine. */
  readonly answerBytes: number
  /** How many replicas are tried, as long as the client has seen nothing. */
  readonly tries: number
}

const MIB = 1024 ** 2

export const GATEWAY_LIMITS: GatewayLimits = {
  bodyBytes: 32 * MIB,
  allBodiesBytes: 128 * MIB,
  bodyMs: 120_000,
  coldMs: 300_000,
  turnMs: 300_000,
  waiting: 1_024,
  waitingOfOne: 256,
  connectMs: 10_000,
  silenceMs: 600_000,
  aliveMs: 15_000,
  drainMs: 120_000,
  answerBytes: 64 * MIB,
  tries: 4,
}
