import { type Codec, type Fields, list, orNone, record } from "../described/codec.ts"
import { byResource } from "../described/resource-codecs.ts"
import { number, oneOf, text } from "../described/scalar-codecs.ts"
import { MAX_NICE, MAX_PRIORITY, type PriorityByHand, type PriorityFactors } from "../priority/priority.ts"
import { lengthMs, momentMs } from "./moment-codec.ts"

/** A waiting job whose priority is asked for. */
export interface DescribedJob {
  readonly job: string
  readonly user: string
  /** `null`: there is only one such user in the tree. */
  readonly account: string | null
  /** With several partitions or QOS there is a priority for each pair. `null`: the default one. */
  readonly partition: readonly string[] | null
  readonly qos: readonly string[] | null
  /** How long it has waited where waiting counts. */
  readonly ageMs: number | null
  /** The same by the moment from which it counts. */
  readonly sinceMs: number | null
  readonly hosts: number
  readonly timeLimitMs: number | null
  readonly resources: Readonly<Record<string, number>>
  /** Points. */
  readonly site: number
  readonly nice: number
  readonly priority: PriorityByHand
  /** Factors that are given instead of reckoned. */
  readonly factors: Partial<PriorityFactors>
}

/** What jobs could run on, for the factors `size` and of resources. */
export interface DescribedPool {
  readonly hosts: number
  readonly cores: number
  /** Of each partition: what its hosts have together. Without an entry, that of the pool: its cores as `cpu`. */
  readonly resources: Readonly<Record<string, number>>
}

const factor = number({ what: "a factor" })
const points = number({ what: "a number of points", least: -MAX_NICE, most: MAX_PRIORITY })

/** One name or several. */
const someNames: Codec<readonly string[]> = {
  read: (value, path, report) => {
    if (Array.isArray(value)) return list(text, "names").read(value, path, report)
    const one = text.read(value, path, report)
    return one === undefined ? undefined : one.split(",").map((name) => name.trim())
  },
  write: (value) => value,
}

const byHand: Codec<PriorityByHand> = {
  read: (value, path, report) =>
    value === null
      ? null
      : typeof value === "string" && !/^\d/.test(value)
        ? oneOf(["held"]).read(value, path, report)
        : number({ what: "a priority or held", least: 0, most: MAX_PRIORITY, whole: true }).read(value, path, report),
  write: (value) => value,
}

const factorFields: Fields<Partial<PriorityFactors>> = {
  age: ["age", factor as Codec<number | undefined>],
  association: ["association", factor as Codec<number | undefined>],
  fairShare: ["fair-share", factor as Codec<number | undefined>],
  size: ["size", factor as Codec<number | undefined>],
  partition: ["partition", factor as Codec<number | undefined>],
  qos: ["qos", factor as Codec<number | undefined>],
  resources: ["resources", byResource("a factor") as Codec<Readonly<Record<string, number>> | undefined>],
  site: ["site", points as Codec<number | undefined>],
  nice: ["nice", points as Codec<number | undefined>],
}

export const jobs: Codec<readonly DescribedJob[]> = list(
  record<DescribedJob>(
    {
      job: ["job", text],
      user: ["user", text],
      account: ["account", orNone(text)],
      partition: ["partition", orNone(someNames)],
      qos: ["qos", orNone(someNames)],
      ageMs: ["age", orNone(lengthMs)],
      sinceMs: ["since", orNone(momentMs)],
      hosts: ["hosts", number({ what: "a number of hosts", least: 1, whole: true })],
      timeLimitMs: ["time-limit", orNone(lengthMs)],
      resources: ["resources", byResource("an amount (of memory: GiB)")],
      site: ["site", points],
      nice: ["nice", points],
      priority: ["priority", byHand],
      factors: ["factors", record(factorFields, {})],
    },
    {
      job: "",
      user: "",
      account: null,
      partition: null,
      qos: null,
      ageMs: null,
      sinceMs: null,
      hosts: 1,
      timeLimitMs: null,
      resources: {},
      site: 0,
      nice: 0,
      priority: null,
      factors: {},
    },
  ),
  "jobs",
)

export const pool: Codec<DescribedPool> = record<DescribedPool>(
  {
    hosts: ["hosts", number({ what: "a number of hosts", least: 0, whole: true })],
    cores: ["cores", number({ what: "a number of cores", least: 0 })],
    resources: ["resources", byResource("an amount (of memory: GiB)")],
  },
  { hosts: 0, cores: 0, resources: {} },
)
