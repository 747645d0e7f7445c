import type { LossCode, LostNews } from "../hive/order/hive-news.ts"

/** What was seen of it that is more than words. */
export type LossDetail = Pick<LostNews, "signal" | "silentMs">

/** Why a hive cannot go on, or cannot begin. */
export class Loss extends Error {
  readonly code: LossCode
  /** The rank whose fault it is; `null` where that is not known. */
  readonly member: number | null
  readonly hint: string | undefined
  readonly seen: LossDetail

  constructor(code: LossCode, member: number | null, reason: string, hint?: string, seen: LossDetail = {}) {
    super(reason)
    this.name = "Loss"
    this.code = code
    this.member = member
    this.hint = hint
    this.seen = seen
  }
}

/** What was thrown, as a loss. */
export function asLoss(error: unknown, rank: number): Loss {
  if (error instanceof Loss) return error
  return new Loss("internal", rank, error instanceof Error ? error.message : String(error))
}
