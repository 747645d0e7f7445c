import { localTime, wallMsAt } from "../../base/zone-time.ts"
import type { HostLink } from "../../protocol/host.ts"
import type { Closed } from "../calendar/plan-request.ts"
import { type Codec, entriesOf, list, mapped, record } from "../described/codec.ts"
import { flag, number, oneOf, text } from "../described/scalar-codecs.ts"
import { USUAL_AHEAD_MS } from "../forecast/weekly-presence.ts"
import { timeZone } from "../policy/time-zone-codec.ts"
import type { Preferred } from "../queue/preferences.ts"
import type { KeptMemory } from "../snapshot.ts"
import { also, bytes, hostNames, nullable, texts } from "./file-codecs.ts"
import {
  type DescribedLinks,
  type DescribedNetwork,
  keptMemory,
  linksCodec,
  networkCodec,
  preferred,
} from "./link-codecs.ts"
import { moment } from "./moment-codecs.ts"

const GIB = 1024 ** 3
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LINKS = ["ready", "connecting", "asleep", "down", "refused"] as const

/** A host, or several that are alike, as a file describes them. */
export interface DescribedHost {
  readonly names: readonly string[]
  readonly memoryBytes: number
  readonly gpus: number
  readonly cores: number
  readonly gpuMemoryBytes: number | null
  readonly memoryNowBytes: number | null
  readonly chip: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly owner: string | null
  readonly weight: number | null
  readonly partitions: readonly string[] | null
  readonly users: readonly string[] | null
  readonly link: HostLink
  readonly reason: string | null
  readonly draining: boolean
  readonly withheld: string | null
  readonly obstacles: readonly DescribedObstacle[]
  readonly presence: readonly WeeklyTime[]
  /** As `presence`, moment by moment. */
  readonly expected: readonly Closed[]
  /** Names of data that it has itself. */
  readonly data: readonly string[]
  /** Of data that is laid out there, by its trees. */
  readonly trees: readonly string[]
  readonly network: DescribedNetwork | null
  readonly linked: DescribedLinks | null
  readonly keeps: KeptMemory | null
  /** `null`: as the policy says. */
  readonly prefers: readonly Preferred[] | null
  readonly timeZone: string | null
}

export interface DescribedObstacle {
  readonly code: string
  readonly text: string | null
  readonly until: number | null
}

/** A time of the week at which its owner is usually there. */
export interface WeeklyTime {
  readonly days: readonly number[]
  readonly fromMs: number
  readonly toMs: number
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

/** `mon-fri`, `sat,sun`, `daily`, or a list; 0 is Monday. */
const days: Codec<readonly number[]> = mapped(
  texts,
  (parts) =>
    parts.flatMap((part) => {
      const word = part.toLowerCase()
      if (word === "daily" || word === "all") return DAYS.map((_, day) => day)
      const [first, last] = word.split("-").map((name) => DAYS.findIndex((day) => name.trim().startsWith(day)))
      if (first === undefined || first === -1 || last === -1)
        throw new SyntaxError(`"${part}" is no day: write mon, mon-fri, or daily`)
      const count = last === undefined ? 1 : ((last - first + 7) % 7) + 1
      return Array.from({ length: count }, (_, at) => (first + at) % 7)
    }),
  (value) => value.map((day) => DAYS[day]!),
)

/** `09:30`, in milliseconds since midnight. */
const clock: Codec<number> = mapped(
  text,
  (typed) => {
    const [, hours, minutes = "0"] = /^(\d{1,2})(?::(\d{2}))?$/.exec(typed) ?? []
    const ms = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
    if (hours === undefined || ms > DAY_MS || Number(minutes) > 59)
      throw new SyntaxError(`"${typed}" is no time of day: write for instance 09:30`)
    return ms
  },
  (ms) => `${Math.floor(ms / 3_600_000)}:${String((ms / MINUTE_MS) % 60).padStart(2, "0")}`,
)

const weeklyTime = record<WeeklyTime>(
  { days: ["days", days], fromMs: ["from", clock], toMs: ["to", clock] },
  { days: [0, 1, 2, 3, 4], fromMs: 0, toMs: DAY_MS },
)

const labels: Codec<Readonly<Record<string, string>>> = {
  read: (value, path, report) =>
    Object.fromEntries(
      (entriesOf(value) ?? texts.read(value, path, report)?.map((label) => [label, ""] as const) ?? []).map(
        ([label, one]) => [label, String(one)],
      ),
    ),
  write: (value) => value,
}

function obstacle(nowMs: number): Codec<DescribedObstacle> {
  const whole = record<DescribedObstacle>(
    {
      code: ["code", text],
      text: ["text", nullable(text)],
      until: ["until", nullable(moment(nowMs))],
    },
    { code: "owner_here", text: null, until: null },
  )
  return {
    read: (value, path, report) =>
      typeof value === "string" ? { code: value, text: null, until: null } : whole.read(value, path, report),
    // What its host has not taken back yet, although its time is over, is there a moment longer: it would be taken for over.
    write: (value) => whole.write(value.until === null ? value : { ...value, until: Math.max(value.until, nowMs + 1) }),
  }
}

function closed(nowMs: number): Codec<Closed> {
  return record<Closed>({ startMs: ["from", moment(nowMs)], endMs: ["to", moment(nowMs)] }, { startMs: 0, endMs: 0 })
}

export const PLAIN_HOST: DescribedHost = {
  names: [],
  memoryBytes: 64 * GIB,
  gpus: 1,
  cores: 8,
  gpuMemoryBytes: null,
  memoryNowBytes: null,
  chip: null,
  labels: {},
  owner: null,
  weight: null,
  partitions: null,
  users: null,
  link: "ready",
  reason: null,
  draining: false,
  withheld: null,
  obstacles: [],
  presence: [],
  expected: [],
  data: [],
  trees: [],
  network: null,
  linked: null,
  keeps: null,
  prefers: null,
  timeZone: null,
}

/** A host's name, or range of names, or what is said of them. */
export function hostCodec(nowMs: number): Codec<DescribedHost> {
  const count = (what: string) => number({ what, least: 0, most: 1_000_000, whole: true })
  const whole = also(
    {
      host: "name",
      names: "name",
      id: "name",
      mem: "memory",
      cpus: "cores",
      gpu: "gpus",
      state: "link",
      obstacle: "obstacles",
      "learned-presence": "presence",
    },
    record<DescribedHost>(
      {
        names: ["name", hostNames],
        memoryBytes: ["memory", bytes],
        gpus: ["gpus", count("a number of GPUs")],
        cores: ["cores", count("a number of cores")],
        gpuMemoryBytes: ["gpu-memory", nullable(bytes)],
        memoryNowBytes: ["memory-now", nullable(bytes)],
        chip: ["chip", nullable(text)],
        labels: ["labels", labels],
        owner: ["owner", nullable(text)],
        weight: ["weight", nullable(number({ what: "a weight" }))],
        partitions: ["partitions", nullable(texts)],
        users: ["users", nullable(texts)],
        link: ["link", oneOf(LINKS)],
        reason: ["reason", nullable(text)],
        draining: ["draining", flag],
        withheld: ["withheld", nullable(text)],
        obstacles: ["obstacles", list(obstacle(nowMs), "obstacles")],
        presence: ["presence", list(weeklyTime, "times of the week")],
        expected: ["expected", list(closed(nowMs), "times")],
        data: ["data", texts],
        trees: ["trees", texts],
        network: ["network", nullable(networkCodec(nowMs))],
        linked: ["linked", nullable(linksCodec)],
        keeps: ["keeps", nullable(keptMemory)],
        prefers: ["prefers", nullable(preferred)],
        timeZone: ["time-zone", nullable(timeZone)],
      },
      PLAIN_HOST,
    ),
  )
  return {
    read(value, path, report) {
      if (typeof value === "string") return { ...PLAIN_HOST, names: hostNames.read(value, path, report) ?? [] }
      const read = whole.read(value, path, report)
      if (read?.names.length === 0) report(path, "has no name")
      return read
    },
    write: (value) => whole.write(value),
  }
}

/** The times of the weeks from yesterday to the end of what is planned, or for a week, as jobs may run as long. */
export function expectedTimes(
  weekly: readonly WeeklyTime[],
  zone: string,
  nowMs: number,
  windowMs: number,
): readonly Closed[] {
  const today = localTime(zone, nowMs)
  const times: Closed[] = []
  for (let day = -1; day * DAY_MS <= Math.max(windowMs, USUAL_AHEAD_MS) + DAY_MS; day++) {
    const weekday = (((today.weekday + day) % 7) + 7) % 7
    for (const { days: on, fromMs, toMs } of weekly) {
      if (!on.includes(weekday)) continue
      const at = (ms: number, later: number) => wallMsAt(zone, { ...today, day: today.day + day + later }, ms)
      const endMs = toMs > fromMs ? (toMs === DAY_MS ? at(0, 1) : at(toMs, 0)) : at(toMs, 1)
      if (endMs > nowMs) times.push({ startMs: at(fromMs, 0), endMs })
    }
  }
  return times.sort((a, b) => a.startMs - b.startMs)
}
