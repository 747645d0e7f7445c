import type { Clock } from "../base/clock.ts"
import type { AttemptId } from "../protocol/ids.ts"
import type { Store } from "../store/store.ts"
import type { SecretBox } from "./auth/secret-box.ts"
import type { UserBlobs } from "./blobs/user-blobs.ts"
import type { Fleet } from "./fleet/fleet.ts"
import type { FolderWatch } from "./folder-watch.ts"
import type { Followers } from "./followers.ts"
import type { WeekBook } from "./forecast/week-book.ts"
import type { JobTable } from "./jobs/job-table.ts"
import type { Ledger } from "./ledger.ts"
import type { ServerLimits } from "./limits.ts"
import type { LogStore } from "./logs/log-store.ts"
import type { NotifyBook } from "./notify/notify-book.ts"
import type { UsageBook } from "./usage/usage-book.ts"

/** What the rooms of the server share: the parts made once in main.ts. */
export interface Core {
  /** The data folder. */
  readonly folder: string
  readonly store: Store
  readonly ledger: Ledger
  readonly table: JobTable
  readonly fleet: Fleet
  readonly folderWatch: FolderWatch
  readonly logs: LogStore
  readonly blobs: UserBlobs
  readonly secrets: SecretBox
  readonly followers: Followers
  readonly notify: NotifyBook
  readonly usage: UsageBook
  /** When people are usually at hosts. */
  readonly weeks: WeekBook
  readonly clock: Clock
  readonly limits: ServerLimits
  /** `count` bytes nobody can guess. */
  readonly randomBytes: (count: number) => Uint8Array
  /** Ends when the server stops. */
  readonly signal: AbortSignal
  /** Tells administrators of trouble that no caller waits to hear of. Never secrets. */
  report(what: string, error: unknown): void
  /** Asks for a plan at the end of this tick; outside of a change, of the next one. */
  wakePlanner(): void
  /** Asks to look anew when an attempt on a silent host is to be given up. */
  watchSilence(): void
  /** Sees to it that messages which were queued are sent. */
  wakeCourier(): void
  /** Sees to it that output an attempt's host has told of is sent, or given up in the end. Within a change. */
  awaitOutput(attempt: AttemptId): void
}
