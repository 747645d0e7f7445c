import type { HoldBy } from "../../protocol/queue-request.ts"
import { type Codec, mapped, record } from "../described/codec.ts"
import { flag, number, oneOf, text } from "../described/scalar-codecs.ts"
import type { QueueJob } from "../queue/queue-scene.ts"
import { type ArrayTasks, arrayText, readArrayTasks } from "../request/array-tasks.ts"
import { type Dependency, dependencyText, readDependency } from "../request/dependency.ts"
import type { WaitingJob, WantedData } from "../snapshot.ts"
import { also, bytes, hostNames, nullable, numbersByName, texts } from "./file-codecs.ts"
import { length, moment, timeLimit } from "./moment-codecs.ts"
import { type DescribedRoom, roomCodec } from "./room-codec.ts"
import { wantedData, workspaceCodec } from "./tree-codecs.ts"

/** What is said of a job in a file, waiting or running. */
export interface DescribedJob {
  readonly id: number | null
  readonly task: number | null
  readonly name: string | null
  readonly user: string | null
  readonly account: string | null
  readonly partitions: readonly string[] | null
  readonly qos: string | null
  readonly memoryBytes: number | null
  readonly gpus: number | null
  readonly cores: number
  readonly alone: boolean
  readonly nodes: number
  readonly hosts: readonly string[] | null
  readonly pieces: Readonly<Record<string, number>>
  /** `undefined`: as its partition says; `null` says the same of what waits, and of what runs that it may run for ever. */
  readonly limitMs: number | null | undefined
  readonly secrets: boolean
  readonly data: readonly WantedData[]
  readonly workspace: NonNullable<WaitingJob["workspace"]> | null
  /** How often hosts crashed under it, by their names. */
  readonly crashes: Readonly<Record<string, number>>
  readonly submittedMs: number | null
  /** `undefined`: since it may start; `null`: its waiting does not count yet. */
  readonly accruesSinceMs: number | null | undefined
  readonly beginMs: number | null
  readonly awaits: NonNullable<QueueJob["awaits"]> | null
  readonly deadlineMs: number | null
  readonly hold: HoldBy | null
  readonly priority: number | null
  /** The highest it had. */
  readonly reached: number | null
  readonly nice: number
  readonly site: number
  readonly dependency: Dependency | null
  readonly reservation: string | null
  readonly expedited: boolean
  readonly interactive: boolean
  readonly array: ArrayTasks | null
  /** Of one task that waits by itself: the number of its array. */
  readonly arrayOf: number | null
  readonly arrayRunning: number | null
  /** Of what waits: made for it by others. */
  readonly roomAsked: readonly DescribedRoom[]
  readonly startedMs: number | null
  readonly leavesMs: number | null
  readonly leavesFor: number | null
  readonly once: boolean
  /** Of what is stopped: the number of the job for which. */
  readonly stoppedFor: number | null
  /** Of what runs: the only hosts it asked for; `null`: any. */
  readonly askedHosts: readonly string[] | null
}

export const PLAIN_JOB: DescribedJob = {
  id: null,
  task: null,
  name: null,
  user: null,
  account: null,
  partitions: null,
  qos: null,
  memoryBytes: null,
  gpus: null,
  cores: 1,
  alone: false,
  nodes: 1,
  hosts: null,
  pieces: {},
  limitMs: undefined,
  secrets: false,
  data: [],
  workspace: null,
  crashes: {},
  submittedMs: null,
  accruesSinceMs: undefined,
  beginMs: null,
  awaits: null,
  deadlineMs: null,
  hold: null,
  priority: null,
  reached: null,
  nice: 0,
  site: 0,
  dependency: null,
  reservation: null,
  expedited: false,
  interactive: false,
  array: null,
  arrayOf: null,
  arrayRunning: null,
  roomAsked: [],
  startedMs: null,
  leavesMs: null,
  leavesFor: null,
  once: false,
  stoppedFor: null,
  askedHosts: null,
}

const ALSO = {
  job: "id",
  "job-id": "id",
  partitions: "partition",
  mem: "memory",
  gpu: "gpus",
  cpus: "cores",
  cpu: "cores",
  whole: "exclusive",
  alone: "exclusive",
  host: "hosts",
  licenses: "pieces",
  licences: "pieces",
  "time-limit": "time",
  limit: "time",
  "limit-minutes": "time",
  minutes: "time",
  submit: "submitted",
  "submit-time": "submitted",
  "submitted-at": "submitted",
  held: "hold",
  "begin-time": "begin",
  dependencies: "dependency",
  booking: "reservation",
  start: "started",
  "started-at": "started",
}

const hold: Codec<HoldBy | null> = {
  read(value, path, report) {
    if (value === null || String(value) === "false") return null
    if (String(value) === "true") return "user"
    return oneOf(["user", "admin", "copy"]).read(value, path, report)
  },
  write: (value) => value,
}

const awaited: Codec<"checkpoint" | "next_try"> = oneOf(["checkpoint", "next_try"])

/** As {@link readDependency} takes it. */
const dependency: Codec<Dependency> = mapped(text, readDependency, dependencyText)
const array: Codec<ArrayTasks> = mapped(text, (typed) => readArrayTasks(typed), arrayText)

export function jobCodec(nowMs: number): Codec<DescribedJob> {
  const at = nullable(moment(nowMs))
  const count = (what: string, least: number) => number({ what, least, most: 4_294_967_295, whole: true })
  return also(
    ALSO,
    record<DescribedJob>(
      {
        id: ["id", nullable(count("a job's number", 1))],
        task: ["task", nullable(count("the index of a task", 0))],
        name: ["name", nullable(text)],
        user: ["user", nullable(text)],
        account: ["account", nullable(text)],
        partitions: ["partition", nullable(texts)],
        qos: ["qos", nullable(text)],
        memoryBytes: ["memory", nullable(bytes)],
        gpus: ["gpus", nullable(count("a number of GPUs", 0))],
        cores: ["cores", count("a number of cores", 0)],
        alone: ["exclusive", flag],
        nodes: ["nodes", count("a number of hosts", 1)],
        hosts: ["hosts", nullable(hostNames)],
        pieces: ["pieces", numbersByName(count("a number of pieces", 0), "numbers of pieces")],
        limitMs: ["time", timeLimit],
        secrets: ["secrets", flag],
        data: ["data", wantedData],
        workspace: ["workspace", nullable(workspaceCodec)],
        crashes: ["crashes", numbersByName(count("a number of crashes", 0), "numbers of crashes")],
        submittedMs: ["submitted", at],
        accruesSinceMs: ["accrues-since", at],
        beginMs: ["begin", at],
        awaits: ["awaits", nullable(awaited)],
        deadlineMs: ["deadline", at],
        hold: ["hold", hold],
        priority: ["priority", nullable(number({ what: "a priority", least: 0 }))],
        reached: ["reached", nullable(number({ what: "a priority" }))],
        nice: ["nice", number({ what: "a nice value" })],
        site: ["site", number({ what: "points" })],
        dependency: ["dependency", nullable(dependency)],
        reservation: ["reservation", nullable(text)],
        expedited: ["expedited", flag],
        interactive: ["interactive", flag],
        array: ["array", nullable(array)],
        arrayOf: ["array-of", nullable(count("a job's number", 1))],
        arrayRunning: ["array-running", nullable(count("a number of tasks", 0))],
        roomAsked: ["room-asked", roomCodec(nowMs)],
        startedMs: ["started", at],
        leavesMs: ["leaves", at],
        leavesFor: ["leaves-for", nullable(count("a job's number", 1))],
        once: ["once", flag],
        stoppedFor: ["stopped-for", nullable(count("a job's number", 1))],
        askedHosts: ["asked-hosts", nullable(hostNames)],
      },
      PLAIN_JOB,
    ),
  )
}

/** A time in which hosts are kept, as a file describes it. */
export interface DescribedBooking {
  readonly name: string | null
  readonly hosts: readonly string[]
  readonly startMs: number | null
  readonly endMs: number | null
  readonly durationMs: number | null
  readonly users: readonly string[]
  readonly accounts: readonly string[]
  readonly repeats: string | null
  readonly timeZone: string
  readonly untilMs: number | null
  readonly goesOn: boolean
}

export const PLAIN_BOOKING: DescribedBooking = {
  name: null,
  hosts: [],
  startMs: null,
  endMs: null,
  durationMs: null,
  users: [],
  accounts: [],
  repeats: null,
  timeZone: "UTC",
  untilMs: null,
  goesOn: false,
}

export function bookingCodec(nowMs: number, zone: Codec<string>): Codec<DescribedBooking> {
  const at = nullable(moment(nowMs))
  return also(
    { from: "start", to: "end", for: "duration", nodes: "hosts", user: "users", account: "accounts" },
    record<DescribedBooking>(
      {
        name: ["name", nullable(text)],
        hosts: ["hosts", hostNames],
        startMs: ["start", at],
        endMs: ["end", at],
        durationMs: ["duration", nullable(length)],
        users: ["users", texts],
        accounts: ["accounts", texts],
        repeats: ["repeats", nullable(text)],
        timeZone: ["time-zone", zone],
        untilMs: ["until", at],
        goesOn: ["goes-on", flag],
      },
      PLAIN_BOOKING,
    ),
  )
}
