import { parseBytes } from "../base/bytes.ts"
import { closest } from "../base/closest.ts"
import { durationText } from "../base/duration.ts"
import { isTimeZone } from "../base/zone-time.ts"
import { WindfallError } from "../protocol/errors.ts"
import { readDuration } from "../protocol/job-values.ts"
import { hoursText, neverText, readHours, readNever } from "./hours-values.ts"
import { type OwnerPolicy, type PolicyKey, RETURN_REACTIONS } from "./owner-policy.ts"

const DAY_MS = 86_400_000

/** One rule as people write it. */
interface PolicyField<K extends PolicyKey> {
  /** Its name in files, on the command line and in answers. */
  readonly name: string
  /** One line of help. */
  readonly help: string
  readonly example: string
  /** @throws {SyntaxError} naming the value and what would be right */
  readonly read: (text: string) => OwnerPolicy[K]
  /** As `read` takes it. */
  readonly write: (value: OwnerPolicy[K]) => string
}

/** Everything that can be said of a Mac, in the order in which it is shown. */
export const POLICY_FIELDS: { readonly [K in PolicyKey]: PolicyField<K> } = {
  startAfterIdleMs: {
    name: "start_after_idle",
    help: "jobs start when nobody has shown for longer than this; 0s: as soon as nobody is there",
    example: "15m",
    read: (text) => readDuration(text, 0, 7 * DAY_MS),
    write: durationText,
  },
  onReturn: {
    name: "on_return",
    help: "what jobs do when somebody comes: suspend, vacate, yield or ignore",
    example: "suspend",
    read: (text) => readWord(text, RETURN_REACTIONS),
    write: String,
  },
  resumeAfterIdleMs: {
    name: "resume_after_idle",
    help: "stopped jobs go on when nobody has shown for longer than this; 0s: the same",
    example: "3m",
    read: (text) => readDuration(text, 0, DAY_MS),
    write: durationText,
  },
  vacateAfterMs: {
    name: "vacate_after",
    help: "jobs suspended for longer than this are ended and run elsewhere",
    example: "5m",
    read: (text) => readDuration(text, 0, 7 * DAY_MS),
    write: durationText,
  },
  hours: {
    name: "hours",
    help: "when jobs may run: days and times; always",
    example: "weekdays 18:00-09:00, weekends",
    read: readHours,
    write: hoursText,
  },
  never: {
    name: "never",
    help: "when they may not, whatever the hours say; nothing",
    example: "12:00-13:30",
    read: readNever,
    write: neverText,
  },
  timeZone: {
    name: "time_zone",
    help: "the time zone of the hours; the Mac's own",
    example: "Europe/Berlin",
    read: readTimeZone,
    write: (value) => value ?? "own",
  },
  onBattery: {
    name: "on_battery",
    help: "whether jobs run on battery: no, yes, or as long as it is charged above so much",
    example: "above 50%",
    read: readOnBattery,
    write: (value) => (typeof value === "number" ? `above ${value}%` : value),
  },
  lowPowerMode: {
    name: "low_power_mode",
    help: "whether jobs run in Low Power Mode: no, yes",
    example: "no",
    read: (text) => readWord(text, ["no", "yes"]),
    write: String,
  },
  display: {
    name: "display",
    help: "whether the display may be put to sleep for a GPU job while nobody is there: leave, sleep",
    example: "sleep",
    read: (text) => readWord(text, ["leave", "sleep"]),
    write: String,
  },
  who: {
    name: "who",
    help: "users whose jobs may run there, besides the owner's: everyone, nobody, or names",
    example: "anna, ben",
    read: readWho,
    write: (value) => (typeof value === "string" ? value : value.length === 0 ? "nobody" : value.join(", ")),
  },
  keepMemoryBytes: {
    name: "keep_memory",
    help: "memory that stays the owner's; default: an eighth of the Mac's",
    example: "16G",
    read: (text) => (text.trim() === "default" ? null : parseBytes(text)),
    write: (value) => (value === null ? "default" : bytesText(value)),
  },
}

export const POLICY_KEYS = Object.keys(POLICY_FIELDS) as readonly PolicyKey[]

/**
 * Reads rules as people write them, by their names.
 * @throws {WindfallError} `invalid_input` naming the rule, the value, and how to write it; `details.field` is the name
 */
export function readPolicy(values: Readonly<Record<string, string>>): Partial<OwnerPolicy> {
  return Object.assign({}, ...Object.entries(values).map(([name, text]) => readRule(name, text)))
}

/**
 * Rules as they are kept: as they were typed, but that a list of users is written in one way only, however many commas and spaces
 * stood between the names.
 * @throws {WindfallError} as `readPolicy`
 */
export function keptRules(values: Readonly<Record<string, string>>): Record<string, string> {
  const { who } = readPolicy(values)
  return who === undefined ? { ...values } : { ...values, who: POLICY_FIELDS.who.write(who) }
}

/** @throws {WindfallError} `invalid_input` for what is no rule; `details.field` is the name */
export function checkRuleName(name: string): PolicyKey {
  const key = POLICY_KEYS.find((each) => POLICY_FIELDS[each].name === name)
  if (key !== undefined) return key
  const names = POLICY_KEYS.map((each) => POLICY_FIELDS[each].name)
  const near = closest(name, names)
  throw new WindfallError("invalid_input", `Cannot set ${JSON.stringify(name)}: there is no such rule`, {
    hint: near === undefined ? `The rules are ${names.join(", ")}.` : `Did you mean ${near}?`,
    details: { field: name },
  })
}

function readRule(name: string, text: string): Partial<OwnerPolicy> {
  const key = checkRuleName(name)
  try {
    return { [key]: POLICY_FIELDS[key].read(text) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot set ${name}: ${error.message}`, {
      hint: `For instance: ${name} '${POLICY_FIELDS[key].example}' (${POLICY_FIELDS[key].help})`,
      details: { field: name },
    })
  }
}

/** One rule of a policy as people write it. */
export function ruleText<K extends PolicyKey>(key: K, policy: OwnerPolicy): string {
  return POLICY_FIELDS[key].write(policy[key])
}

/** Exactly, as `parseBytes` reads it. */
function bytesText(bytes: number): string {
  if (bytes > 0 && bytes % 1024 ** 3 === 0) return `${bytes / 1024 ** 3}G`
  return bytes > 0 && bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2}M` : `${bytes}B`
}

function readWord<W extends string>(text: string, words: readonly W[]): W {
  const word = words.find((each) => each === text.trim().toLowerCase())
  if (word === undefined) throw new SyntaxError(`"${text}" is not one of ${words.join(", ")}`)
  return word
}

function readTimeZone(text: string): string | null {
  if (text.trim() === "own") return null
  if (!isTimeZone(text.trim())) throw new SyntaxError(`"${text}" is no time zone: Area/City, or own for the Mac's`)
  return text.trim()
}

function readOnBattery(text: string): OwnerPolicy["onBattery"] {
  const percent = /^above\s+(\d{1,3})\s*%$/.exec(text.trim().toLowerCase())
  if (percent === null) {
    if (text.trim().toLowerCase().startsWith("above")) {
      throw new SyntaxError(`"${text}" has no percentage: write above 50%`)
    }
    return readWord<"no" | "yes">(text, ["no", "yes"])
  }
  if (Number(percent[1]) > 99) throw new SyntaxError(`"${text}" is never so: 99% at most`)
  return Number(percent[1])
}

function readWho(text: string): OwnerPolicy["who"] {
  const names = text.split(/[,\s]+/).filter((name) => name !== "")
  if (names.length === 0) throw new SyntaxError("it is empty: everyone, nobody, or names")
  const [only] = names
  if (names.length === 1 && (only === "everyone" || only === "nobody")) return only === "everyone" ? only : []
  const odd = names.find((name) => name === "everyone" || name === "nobody")
  if (odd !== undefined) throw new SyntaxError(`"${odd}" stands alone, without names`)
  const wrong = names.find((name) => !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name))
  if (wrong !== undefined) throw new SyntaxError(`${JSON.stringify(wrong.slice(0, 80))} is no user's name`)
  return [...new Set(names)]
}
