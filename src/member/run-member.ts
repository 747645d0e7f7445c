import { adapterOf } from "../hive/engines/engine-adapters.ts"
import { type HiveNews, mayGoBetter } from "../hive/order/hive-news.ts"
import { readHiveOrder } from "../hive/order/read-hive-order.ts"
import { WindfallError } from "../protocol/errors.ts"
import { LifeGuard } from "./life-guard.ts"
import { asLoss, Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import { readPlaces } from "./places.ts"
import { lostNews, runHead } from "./run-head.ts"
import { runWorker } from "./run-worker.ts"

export interface MemberOptions
  extends Pick<MemberContext, "environment" | "clock" | "random" | "log" | "asked" | "hurried"> {
  /** The order. */
  readonly read: () => string
  /** The number of the process that does nothing else, and ends with it. */
  readonly pid: number
  /** A line for the server. */
  readonly print: (line: string) => void
}

/** After sysexits: what cannot go well (EX_CONFIG), and what may another time (EX_TEMPFAIL). */
const REFUSED = 78
const TRY_AGAIN = 75

/** Runs one member to its end. @returns its exit code: 0 when it was asked to end */
export async function runMember(options: MemberOptions): Promise<number> {
  const { read, pid, environment, clock, random, print, log, asked, hurried } = options
  const tell = (news: HiveNews) => print(JSON.stringify(news))
  const code = (loss: Loss | null) => (loss === null ? 0 : mayGoBetter(loss.code) ? TRY_AGAIN : REFUSED)
  let context: MemberContext
  try {
    const order = readHiveOrder(read())
    const { rank, places } = readPlaces(order, environment)
    const adapter = adapterOf(order.engine)
    context = { order, rank, places, adapter, environment, clock, random, tell, log, asked, hurried }
  } catch (error) {
    const isKnown = error instanceof WindfallError || error instanceof Loss
    const rank = Number(environment.WINDFALL_RANK ?? 0) || 0
    const reason = isKnown ? error.message : `Cannot read the hive's order: ${(error as Error).message}`
    const loss = new Loss("order_refused", rank, reason)
    tell(lostNews(loss, rank))
    tell({ hive: "stopped", rank, by: "never_began" })
    return code(loss)
  }
  await using _guard = new LifeGuard(context, pid)
  try {
    return code(await (context.rank === 0 ? runHead(context) : runWorker(context)))
  } catch (error) {
    const loss = asLoss(error, context.rank)
    tell(lostNews(loss, context.rank))
    return code(loss)
  }
}
