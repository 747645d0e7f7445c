import type { LabHostOptions, LabMode } from "../lab/lab.ts"
import type { PoolServerSettings } from "./pool-server.ts"

/** What a {@link startPool pool} of a test consists of. */
export interface PoolOptions {
  /** Simulated hosts behind a real sshd each. @default 0 */
  readonly hosts?: number | readonly LabHostOptions[]
  /** Hosts that are this machine itself, the agent run without ssh. @default 0 */
  readonly local?: number
  readonly mode?: LabMode
  /** More for the command line of src/server/main.ts. */
  readonly serverArgs?: readonly string[]
  /** Runs test/support/server-main.ts instead, with these changes. */
  readonly server?: PoolServerSettings
  /** Lets clocks of server and hosts be moved by {@link Pool.moveClock} (implies `server`). */
  readonly clocks?: boolean
  /** Lab hosts are started but do not join. */
  readonly joinNone?: boolean
  /** Hosts do not let the server's key in. Implies `joinNone`. */
  readonly lockedOut?: boolean
  /** Public keys that hosts let in besides the server's. */
  readonly authorizedKeys?: readonly string[]
  readonly signal?: AbortSignal
}
