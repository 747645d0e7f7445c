import type { HostId } from "./ids.ts"

/** GET /v1/hosts/HOST/week (its owner, admin): what was learned of when people are there. */
export interface WeekView {
  readonly host: HostId
  readonly name: string
  /** Its owner did not turn it off. */
  readonly learns: boolean
  /** The policy lets it be learned at all. */
  readonly byPolicy: boolean
  /** Of the times. */
  readonly timeZone: string
  /** For how long somebody looked, older hours counted less. */
  readonly seenHours: number
  /** When somebody is usually there: then no start is planned. */
  readonly times: readonly { readonly days: readonly number[]; readonly fromHour: number; readonly toHour: number }[]
  /** The same in words; `null`: never, as far as is known. */
  readonly text: string | null
}

/** POST /v1/hosts/HOST/week (its owner, admin): forgets what was learned, and learns on or not. */
export interface WeekRequest {
  readonly learns: boolean
}
