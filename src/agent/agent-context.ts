import type { OwnersRefusal } from "../presence/why.ts"
import type { AgentMessage } from "../protocol/agent-wire.ts"
import type { ServerId } from "../protocol/ids.ts"
import type { Attempt } from "./attempt.ts"
import type { DataShelf } from "./data/data-shelf.ts"
import type { DiskKeeper } from "./disk/disk-keeper.ts"
import type { DiskLimit } from "./disk/disk-limit.ts"
import type { DiskWatch } from "./disk/disk-watch.ts"
import type { Environments } from "./environments.ts"
import type { Forker } from "./forker.ts"
import type { HighWater } from "./high-water.ts"
import type { Holder } from "./holder.ts"
import type { HostCache } from "./host-cache.ts"
import type { HostClock } from "./host-clock.ts"
import type { HostFolder } from "./host-folder.ts"
import type { JobHost } from "./job-environment.ts"
import type { LeftoverWatch } from "./leftover-watch.ts"
import type { MemoryNews } from "./memory-news.ts"
import type { OutputSender } from "./output-sender.ts"
import type { Platform } from "./platform/platform.ts"
import type { ServerLink } from "./server-link.ts"
import type { Trash } from "./trash.ts"

/** What the steps of an attempt's life share. One for each agent. */
export interface AgentContext {
  readonly server: ServerId
  readonly folder: HostFolder
  readonly holder: Holder
  readonly clock: HostClock
  readonly platform: Platform
  readonly forker: Forker
  readonly link: ServerLink
  readonly output: OutputSender
  readonly cache: HostCache
  readonly data: DataShelf
  readonly environments: Environments
  /** Keeps all of them, and what jobs share, within one number. */
  readonly disk: DiskKeeper
  readonly diskWatch: DiskWatch
  readonly diskLimit: DiskLimit
  readonly trash: Trash
  readonly highWater: HighWater
  readonly leftovers: LeftoverWatch
  readonly jobHost: JobHost
  /** What starts this agent's program again, in another role: its node and its file. */
  readonly program: readonly string[]
  /** Whether the display may be put to sleep for a GPU job just now: by the owner's rules, and by who is there. Absent: never. */
  readonly mayDarken?: () => boolean
  /** By sequence number: all whose folders are here, and those being prepared. */
  readonly attempts: Map<number, Attempt>
  /** What keeps jobs from starting now for the sake of people at the host, in words; `null` when they may. */
  refusal(): OwnersRefusal | null
  /** The same for an attempt that is being made ready, after a look at who is there and how much memory there is now. Absent: nothing is looked at. */
  readonly admit?: (leaseBytes: number) => Promise<OwnersRefusal | null>
  /** What the server knows of the memory here; absent where nothing looks for it. */
  readonly memoryNews?: MemoryNews
  /** An attempt's phase has changed: limits may have come or gone, and an agent without a link may be able to leave. */
  changed(): void
  /** The forker says that the supervisor which had this attempt, or was to have it, has ended. */
  supervisorDied(attempt: Attempt): void
}

/** Sends news of an attempt, unless the server does not know it (yet). */
export function tell(context: AgentContext, attempt: Attempt, message: AgentMessage): void {
  if (attempt.adopted) context.link.send(message)
}

/** What every message about an attempt carries. */
export function nameOf(attempt: Attempt): { readonly attempt: Attempt["id"]; readonly sequence: number } {
  return { attempt: attempt.id, sequence: attempt.sequence }
}
