import { isSame, shown } from "../described/codec.ts"
import type { Policy } from "./policy.ts"
import { policyCodec } from "./policy-codec.ts"

/** One thing that is different between two policies, in the words and values of the policy file. Plain data. */
export interface PolicyChange {
  /** Keys from the top of the file, as `accounts`, `vision`, `shares`. */
  readonly path: readonly string[]
  /** `null`: it is not there. Else a value of the file: text, a number, true or false, a list, or an object of such. */
  readonly before: FileValue | null
  readonly after: FileValue | null
}

export type FileValue = string | number | boolean | readonly FileValue[] | { readonly [key: string]: FileValue }

/** What is different, from the top of the file to its end. Where both leave something out that means the same, nothing is. */
export function diffPolicies(before: Policy, after: Policy): readonly PolicyChange[] {
  return diff(policyCodec.write(before, true), policyCodec.write(after, true), [])
}

/** The change in words: `account vision: shares 50 -> 60`. */
export function changeText({ path, before, after }: PolicyChange): string {
  const [section = "", name, ...rest] = path
  const kind = KINDS[section]
  const isMember = section === "accounts" && rest[0] === "users" && rest.length > 1
  const what = isMember ? `user ${rest[1]} in account ${name}` : kind === undefined ? path.join(".") : `${kind} ${name}`
  const inside = (isMember ? rest.slice(2) : kind === undefined ? [] : rest).join(".")
  if (inside === "" && kind !== undefined) {
    if (before === null) return `${what} is new: ${valueText(after)}`
    if (after === null) return `${what} is gone`
  }
  return `${what}: ${inside === "" ? "" : `${inside} `}${differenceText(before, after)}`
}

const KINDS: Readonly<Record<string, string>> = { accounts: "account", partitions: "partition", qos: "QOS" }

function diff(before: unknown, after: unknown, path: readonly string[]): readonly PolicyChange[] {
  if (before instanceof Map && after instanceof Map) {
    const keys = new Set<string>([...before.keys(), ...after.keys()])
    return [...keys].flatMap((key) => diff(before.get(key), after.get(key), [...path, key]))
  }
  const [left, right] = [plainOf(before), plainOf(after)]
  return isSame(left, right) ? [] : [{ path, before: left, after: right }]
}

function plainOf(value: unknown): FileValue | null {
  if (value === undefined || value === null) return null
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plainOf(one) ?? "none"]))
  return Array.isArray(value) ? value.map((one) => plainOf(one) ?? "none") : (value as string | number | boolean)
}

/** Of lists of names what came and went, else both values. */
function differenceText(before: FileValue | null, after: FileValue | null): string {
  if (isNames(before) && isNames(after)) {
    const came = after.filter((name) => !before.includes(name)).map((name) => `+${name}`)
    const went = before.filter((name) => !after.includes(name)).map((name) => `-${name}`)
    if (came.length + went.length > 0) return [...came, ...went].join(" ")
  }
  return `${valueText(before)} -> ${valueText(after)}`
}

function isNames(value: FileValue | null): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string")
}

function valueText(value: FileValue | null): string {
  if (value === null) return "not set"
  if (Array.isArray(value)) return value.length === 0 ? "none" : `[${value.map(valueText).join(", ")}]`
  if (typeof value !== "object") return typeof value === "string" && /[\s,:]/.test(value) ? shown(value) : String(value)
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${valueText(one)}`)
  return `{${entries.join(", ")}}`
}
