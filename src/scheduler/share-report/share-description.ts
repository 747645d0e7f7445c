import {
  type Codec,
  entriesOf,
  orNone,
  type Path,
  pathText,
  plainKey,
  type Report,
  record,
  shown,
  unknownKey,
} from "../described/codec.ts"
import { oneOf } from "../described/scalar-codecs.ts"
import { checkPolicy } from "../policy/check-policy.ts"
import { completePolicy } from "../policy/complete-policy.ts"
import { DEFAULT_POLICY } from "../policy/default-policy.ts"
import type { Policy } from "../policy/policy.ts"
import { policyCodec } from "../policy/policy-codec.ts"
import { timeZone } from "../policy/time-zone-codec.ts"
import { RESET_PERIODS, type ResetPeriod } from "../share/usage-reset.ts"
import { type DescribedJob, type DescribedPool, jobs, pool } from "./described-job.ts"
import type { DescribedNode } from "./described-node.ts"
import { readTree } from "./described-tree.ts"
import { lengthMs, momentMs } from "./moment-codec.ts"

/** What `windfall policy share` is asked: a tree, how usage fades, and jobs whose priority is wanted. docs/policy-formats.md has the format. */
export interface ShareDescription {
  readonly tree: readonly DescribedNode[]
  readonly policy: Policy
  readonly decay: Decay
  /** `null`: the last moment that the runs name. */
  readonly nowMs: number | null
  readonly jobs: readonly DescribedJob[]
  readonly pool: DescribedPool
}

export interface Decay {
  /** 0: usage does not fade. */
  readonly halfLifeMs: number
  readonly periodMs: number
  /** A moment at which a period begins. */
  readonly startMs: number
  readonly reset: ResetPeriod
  readonly timeZone: string
  /** From when on usage that is given as a number fades; `null`: it is as of now. */
  readonly usageAtMs: number | null
}

/** Something wrong in a description, and where: `tree[0].children[2].shares`. */
export interface DescriptionProblem {
  readonly path: string
  readonly text: string
}

export type ShareDescriptionReading =
  | { readonly description: ShareDescription; readonly problems: null }
  | { readonly description: null; readonly problems: readonly DescriptionProblem[] }

/** What is for readers of the file, or for tests. */
const IGNORED = ["about", "expected"]
const KEYS = ["tree", "policy", "decay", "now", "jobs", "pool", ...IGNORED]

/** @param value as JSON is parsed */
export function readShareDescription(value: unknown): ShareDescriptionReading {
  const problems: DescriptionProblem[] = []
  const report: Report = (path, problem) => problems.push({ path: pathText(path), text: problem })
  const given = new Map<string, readonly [key: string, value: unknown]>()
  const entries = Array.isArray(value) || typeof value === "string" ? [["tree", value] as const] : entriesOf(value)
  for (const [key, one] of entries ?? []) {
    if (!KEYS.includes(plainKey(key))) report([key], unknownKey(key, KEYS))
    else given.set(plainKey(key), [key, one])
  }
  if (entries === null) report([], `takes {"tree": [...]}, not ${shown(value)}`)
  else if (!given.has("tree"))
    report([], 'has no tree: {"tree": [{"account": "lab", "shares": 60, "children": [...]}]}')
  const read = <T>(key: string, codec: Codec<T>, otherwise: T): T => {
    const [typed, one] = given.get(key) ?? []
    return typed === undefined ? otherwise : (codec.read(one, [typed], report) ?? otherwise)
  }
  const [treeKey, tree] = given.get("tree") ?? []
  const policy = readPolicyPart(given.get("policy"), report)
  const description: ShareDescription = {
    tree: treeKey === undefined ? [] : readTree(tree, [treeKey], report),
    policy,
    decay: read("decay", decayCodec(policy), decayOf(policy)),
    nowMs: read("now", orNone(momentMs), null),
    jobs: read("jobs", jobs, []),
    pool: read("pool", pool, { hosts: 0, cores: 0, resources: {} }),
  }
  if (description.decay.periodMs < 1000) report(["decay", "period"], "must be at least a second")
  return problems.length > 0 ? { description: null, problems } : { description, problems: null }
}

function readPolicyPart(given: readonly [string, unknown] | undefined, report: Report): Policy {
  if (given === undefined) return DEFAULT_POLICY
  const [key, value] = given
  const below: Report = (path: Path, problem, on) => report([key, ...path], problem, on)
  const read = policyCodec.read(value, [], below)
  if (read === undefined) return DEFAULT_POLICY
  const policy = completePolicy(read, value, below)
  checkPolicy(policy, below)
  return policy
}

function decayOf({ usage }: Policy): Decay {
  const { halfLifeS, periodMs, reset, timeZone: zone } = usage
  return { halfLifeMs: halfLifeS * 1000, periodMs, startMs: 0, reset, timeZone: zone, usageAtMs: null }
}

function decayCodec(policy: Policy): Codec<Decay> {
  const halfLife: Codec<number> = {
    read: (value, path, report) => (value === "none" || value === null ? 0 : lengthMs.read(value, path, report)),
    write: (value) => value,
  }
  return record<Decay>(
    {
      halfLifeMs: ["half-life", halfLife],
      periodMs: ["period", lengthMs],
      startMs: ["start", momentMs],
      reset: ["reset", oneOf(RESET_PERIODS)],
      timeZone: ["time-zone", timeZone],
      usageAtMs: ["usage-at", orNone(momentMs)],
    },
    decayOf(policy),
  )
}
