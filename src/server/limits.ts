import { WAKE_PORT } from "./network/magic-packet.ts"

/** What an administrator may set about sizes, times and reach; the defaults suit a lab. */
export interface ServerLimits {
  /** Output kept of each stream of an attempt: the first bytes, and a ring of the last ones past them. */
  readonly outputHeadBytes: number
  readonly outputTailBytes: number
  /** The largest request body that is not a stream of blobs. */
  readonly bodyBytes: number
  /** How long outputs and workspaces of ended jobs are kept on the server. */
  readonly keepFilesMs: number
  /** How long the logs of ended jobs are kept. */
  readonly keepLogsMs: number
  /** How long the record of events is kept. */
  readonly keepEventsMs: number
  /** What models of hubs may take on the server's disk; `null`: what the disk has. */
  readonly modelBytes: number | null
  /** Whether users may have machines of the server's own network told of their jobs, this one included. */
  readonly notifyPrivate: boolean
  /** The port to which what wakes hosts is sent. */
  readonly wakePort: number
}

const MIB = 1024 ** 2
const DAY_MS = 86_400_000

export const DEFAULT_LIMITS: ServerLimits = {
  outputHeadBytes: 256 * MIB,
  outputTailBytes: 64 * MIB,
  bodyBytes: 32 * MIB,
  keepFilesMs: 30 * DAY_MS,
  keepLogsMs: 365 * DAY_MS,
  keepEventsMs: 90 * DAY_MS,
  modelBytes: null,
  notifyPrivate: false,
  wakePort: WAKE_PORT,
}

/** Owners are told of the last 30 days. */
export const KEEP_STEP_ASIDES_MS = 60 * DAY_MS
/** What models were used for is told for a year and the month under way. */
export const KEEP_MODEL_USAGE_MS = 400 * DAY_MS
/** An idempotency key is remembered for a day. */
export const KEEP_ANSWERS_MS = DAY_MS
/** A one-time code is remembered this long after its end, so that who comes late is told why it is refused. */
export const KEEP_CODES_MS = 30 * DAY_MS
/** A blob nobody refers to is kept this long: its job may be about to be sent. */
export const KEEP_LOOSE_BLOBS_MS = DAY_MS
/** How long after the agent of a silent host must have ended an attempt the server takes it as ended. */
export const SILENCE_MARGIN_MS = 60_000
/** How long a host may be silent before the server takes a hive there as lost. Of hives over several hosts the agents themselves count a minute of it. */
export const HIVE_SILENCE_MS = 60_000 + SILENCE_MARGIN_MS
