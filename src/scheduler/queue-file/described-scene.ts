import { type Codec, list, record } from "../described/codec.ts"
import { byResource } from "../described/resource-codecs.ts"
import { durationIn, flag, number, oneOf, text } from "../described/scalar-codecs.ts"
import type { Amounts } from "../limits/limits.ts"
import { timeZone } from "../policy/time-zone-codec.ts"
import { also, hostNames, nullable, numbersByName } from "./file-codecs.ts"
import { type DescribedHost, hostCodec } from "./host-codec.ts"
import { bookingCodec, type DescribedBooking, type DescribedJob, jobCodec } from "./job-codec.ts"
import { moment } from "./moment-codecs.ts"

/** A cluster, a queue and a moment, as a file describes them. */
export interface DescribedScene {
  readonly hosts: readonly DescribedHost[]
  readonly pieces: Readonly<Record<string, number>>
  readonly usage: Readonly<Record<string, number>>
  readonly fairShares: Readonly<Record<string, number>>
  readonly used: readonly DescribedUse[]
  readonly jobs: readonly DescribedJob[]
  readonly running: readonly DescribedJob[]
  readonly reservations: readonly DescribedBooking[]
  readonly ended: readonly DescribedEnd[]
  /** Hosts that are not there any more, where jobs or reservations still name them. */
  readonly gone: readonly string[]
  readonly timeZone: string
  readonly estimates: boolean
}

export interface DescribedUse {
  readonly of: string
  readonly minutes: Amounts
  /** In minutes, as people write it; with `wallMinutes`, as programs do, it comes to both together. */
  readonly wallTime: number
  readonly wallMinutes: number
}

export interface DescribedEnd {
  readonly id: number | null
  readonly task: number | null
  readonly startedMs: number | null
  /** `null`: it has not ended. */
  readonly outcome: "succeeded" | "failed" | null
}

const used = record<DescribedUse>(
  {
    of: ["of", text],
    minutes: ["minutes", byResource("a number of resource minutes")],
    wallTime: ["wall-time", durationIn(60_000)],
    wallMinutes: ["wall-minutes", number({ what: "a number of minutes", least: 0 })],
  },
  { of: "", minutes: {}, wallTime: 0, wallMinutes: 0 },
)

/** All of a file but its moment and its policy, which are read before. */
export function sceneCodec(nowMs: number): Codec<DescribedScene> {
  const count = number({ what: "a number", least: 0, whole: true })
  const amount = number({ what: "an amount of usage", least: 0 })
  const ended = also(
    { job: "id", start: "started", state: "outcome" },
    record<DescribedEnd>(
      {
        id: ["id", nullable(number({ what: "a job's number", least: 1, whole: true }))],
        task: ["task", nullable(number({ what: "the index of a task", whole: true }))],
        startedMs: ["started", nullable(moment(nowMs))],
        outcome: ["outcome", nullable(oneOf(["succeeded", "failed"]))],
      },
      { id: null, task: null, startedMs: nowMs, outcome: "succeeded" },
    ),
  )
  return also(
    {
      nodes: "hosts",
      licenses: "pieces",
      licences: "pieces",
      waiting: "jobs",
      queue: "jobs",
      leases: "running",
      bookings: "reservations",
      finished: "ended",
      share: "usage",
    },
    record<DescribedScene>(
      {
        hosts: ["hosts", orOne(list(hostCodec(nowMs), "hosts"))],
        pieces: ["pieces", numbersByName(count, "numbers of pieces")],
        usage: ["usage", numbersByName(amount, "used billable units times seconds")],
        fairShares: ["fair-shares", numbersByName(number({ what: "a factor", least: 0 }), "factors")],
        used: ["used", list(used, "used minutes")],
        jobs: ["jobs", list(jobCodec(nowMs), "jobs")],
        running: ["running", list(jobCodec(nowMs), "jobs")],
        reservations: ["reservations", list(bookingCodec(nowMs, timeZone), "reservations")],
        ended: ["ended", list(ended, "ended jobs")],
        gone: ["gone", hostNames],
        timeZone: ["time-zone", timeZone],
        estimates: ["estimates", flag],
      },
      {
        hosts: [],
        pieces: {},
        usage: {},
        fairShares: {},
        used: [],
        jobs: [],
        running: [],
        reservations: [],
        ended: [],
        gone: [],
        timeZone: "UTC",
        estimates: false,
      },
    ),
  )
}

/** `mac[1-4]` for a list of it alone. */
function orOne<T>(codec: Codec<readonly T[]>): Codec<readonly T[]> {
  return {
    read: (value, path, report) => codec.read(typeof value === "string" ? [value] : value, path, report),
    write: (value) => codec.write(value),
  }
}
