import type { Clock } from "../base/clock.ts"
import type { EngineAdapter } from "../hive/engines/engine-adapter.ts"
import type { HiveNews } from "../hive/order/hive-news.ts"
import type { HiveOrder } from "../hive/order/hive-order.ts"
import type { Place } from "./places.ts"

/** What a member has to do with, wherever it runs. */
export interface MemberContext {
  readonly order: HiveOrder
  readonly rank: number
  /** Of all members, by rank. */
  readonly places: readonly Place[]
  readonly adapter: EngineAdapter
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Where names of prompts and nonces come from: so many random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Tells the server. */
  readonly tell: (news: HiveNews) => void
  /** A line of the engine. */
  readonly log: (line: string) => void
  /** It was asked to end: what is in flight may finish. */
  readonly asked: AbortSignal
  /** It was asked a second time: at once. */
  readonly hurried: AbortSignal
}
