import type { HostId, JobId } from "./ids.ts"
import type { AheadView, ExpectedStart, PriorityView } from "./queue-order.ts"

/** GET /v1/jobs/ID/why */
export interface WhyAnswer {
  /** When the server said it, by its own clock; absent from servers before. */
  readonly at?: number
  readonly job: JobId
  readonly summary: string
  readonly code: string
  readonly place: number | null
  readonly hosts: readonly {
    readonly host: HostId
    readonly name: string
    readonly code: string
    readonly text: string
    /** When what is in the way ends by itself, as far as that is known. */
    readonly until: number | null
  }[]
  /** What its priority is made of; absent without a policy. */
  readonly priority?: PriorityView
  /** The nearest of those who stand before it; absent when it does not stand in the queue, like what follows. */
  readonly ahead?: readonly AheadView[]
  readonly expected?: ExpectedStart
  /** What would make it start now, or before a booking: `with --memory 48G it would start now on mac-2`. */
  readonly sooner?: readonly string[]
}
