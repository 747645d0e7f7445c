import type { AttemptOrder, ServerMessage } from "../protocol/agent-wire.ts"
import type { OrderCheckpoint } from "../protocol/checkpoint.ts"
import type { OrderData } from "../protocol/data-wire.ts"
import { ENVIRONMENT_KINDS, type EnvironmentSpec } from "../protocol/environment.ts"
import { WindfallError } from "../protocol/errors.ts"
import { type BlobHash, isBlobHash, isId } from "../protocol/ids.ts"
import { CAUSES } from "../protocol/job-state.ts"
import { isDate } from "../protocol/owner.ts"
import { WARNING_SIGNALS, type WarningSignal } from "../protocol/warning-signal.ts"
import { readMember, readRoster } from "./gang-message.ts"
import { readLever, readTerms } from "./owner/read-owner.ts"

const MOST_PAGE_CHARACTERS = 100_000

type Fields = Readonly<Record<string, unknown>>

/**
 * Checks what came over the control stream by hand: the agent carries no schema library. A message of a type this
 * release does not know is `null`, so that a newer server can say more.
 * @throws {WindfallError} invalid_input, naming the field that is not what it must be
 */
export function readServerMessage(value: unknown): ServerMessage | null {
  const message = object(value, "message")
  switch (message.type) {
    case "ready":
      return { type: "ready", server: id("s", message, "server") as never, now: count(message, "now") }
    case "leave":
      return { type: "leave" }
    case "start":
      return { type: "start", order: readOrder(message.order), secrets: strings(message, "secrets") }
    case "received":
      return {
        type: "received",
        sequence: sequence(message),
        stdout: count(message, "stdout"),
        stderr: count(message, "stderr"),
      }
    case "adopt":
      return {
        type: "adopt",
        ...named(message),
        stdout: count(message, "stdout"),
        stderr: count(message, "stderr"),
        exitKnown: message.exitKnown === true,
      }
    case "disown":
      return { type: "disown", ...named(message) }
    case "supplied":
      return { type: "supplied", ...named(message) }
    case "let-go-data":
      return { type: "let-go-data", roots: hashes(message, "roots") }
    case "disk-limit":
      return { type: "disk-limit", bytes: orNull(message, "bytes", count) }
    case "owner":
      return {
        type: "owner",
        terms: readTerms(message.terms),
        lever: readLever(message.lever),
        ...(isDate(message.now) ? { now: message.now } : {}),
      }
    case "owner-page": {
      const page = text(message, "text")
      // Other pages are of later releases.
      if (message.name !== "Last 30 days.txt") return null
      if (page.length > MOST_PAGE_CHARACTERS) throw wrong("text")
      return { type: "owner-page", name: message.name, text: page }
    }
    case "forget":
      return { type: "forget", ...named(message) }
    case "go":
      return { type: "go", ...named(message), roster: readRoster(message.roster) }
    case "unsupplied":
      return { type: "unsupplied", ...named(message), message: text(message, "message") }
    case "stop":
      return {
        type: "stop",
        ...named(message),
        cause: oneOf(message, "cause", CAUSES),
        signal: text(message, "signal"),
        graceMs: count(message, "graceMs"),
      }
    case "suspend-for":
      return {
        type: "suspend-for",
        ...named(message),
        turn: sequence(message, "turn"),
        for: message.for === null ? null : (sequence(message, "for") as never),
        text: text(message, "text"),
      }
    case "limit":
      return { type: "limit", ...named(message), timeLimitMs: orNull(message, "timeLimitMs", count) }
    default:
      if (typeof message.type === "string") return null
      throw wrong("type")
  }
}

function readOrder(value: unknown): AttemptOrder {
  const order = object(value, "order")
  const lease = object(order.lease, "lease")
  if (order.pty !== null) {
    const pty = object(order.pty, "pty")
    count(pty, "columns")
    count(pty, "rows")
    text(pty, "term")
  }
  const command = list(order, "command")
  if (command.some((part) => part.includes("\0"))) throw wrong("command")
  const kind = oneOf(order, "kind", ["task", "session"] as const)
  if (command.length === 0 && kind === "task") throw wrong("command")
  return {
    attempt: id("a", order, "attempt") as never,
    job: sequence(order, "job") as never,
    jobName: orNull(order, "jobName", text),
    user: text(order, "user"),
    number: sequence(order, "number"),
    sequence: sequence(order),
    ...(order.member === undefined ? {} : { member: readMember(order.member) }),
    kind,
    command,
    env: strings(order, "env"),
    workspace: orNull(order, "workspace", hash),
    workingFolder: relativePath(order, "workingFolder"),
    lease: {
      memoryBytes: count(lease, "memoryBytes"),
      gpus: count(lease, "gpus"),
      cores: count(lease, "cores"),
    },
    ...(order.memoryAsked === true ? { memoryAsked: true } : {}),
    timeLimitMs: orNull(order, "timeLimitMs", count),
    graceMs: count(order, "graceMs"),
    stopSignal: text(order, "stopSignal"),
    ...(order.warning === undefined ? {} : { warning: readWarning(order.warning) }),
    outputs: orNull(order, "outputs", list),
    // Older servers do not know it.
    ...(order.checkpoint === undefined ? {} : { checkpoint: readCheckpoint(order.checkpoint) }),
    stdin: orNull(order, "stdin", hash),
    data: order.data === undefined ? [] : readData(order.data),
    pty: order.pty as AttemptOrder["pty"],
    environment: order.environment == null ? null : readEnvironment(order.environment),
    silenceLimitMs: orNull(order, "silenceLimitMs", count),
    outputHeadBytes: count(order, "outputHeadBytes"),
    outputTailBytes: count(order, "outputTailBytes"),
  }
}

function readData(value: unknown): readonly OrderData[] {
  if (!Array.isArray(value)) throw wrong("data")
  return value.map((each) => {
    const data = object(each, "data")
    const place = orNull(data, "place", text)
    if (place !== null && !place.startsWith("/")) throw wrong("place")
    const path = relativePath(data, "path")
    if (path === "") throw wrong("path")
    const bytes = count(data, "bytes")
    // Older servers do not know it.
    const writable = data.writable === undefined ? {} : { writable: data.writable === true }
    return { name: text(data, "name"), path, root: orNull(data, "root", hash), bytes, place, ...writable }
  })
}

function readCheckpoint(value: unknown): OrderCheckpoint {
  const checkpoint = object(value, "checkpoint")
  const from = checkpoint.from === null ? null : object(checkpoint.from, "from")
  return {
    globs: orNull(checkpoint, "globs", list),
    from: from && { tree: hash(from, "tree"), attempt: sequence(from, "attempt") },
  }
}

function readWarning(value: unknown): WarningSignal {
  const warning = object(value, "warning")
  return {
    signal: oneOf(warning, "signal", WARNING_SIGNALS),
    beforeMs: count(warning, "beforeMs"),
    commandOnly: warning.commandOnly === true,
  }
}

function readEnvironment(value: unknown): EnvironmentSpec {
  const environment = object(value, "environment")
  return {
    kind: oneOf(environment, "kind", ENVIRONMENT_KINDS),
    files: list(environment, "files").map((path) => relativePath({ path }, "path")),
    python: orNull(environment, "python", text),
    with: list(environment, "with"),
    setup: list(environment, "setup"),
  }
}

function named(fields: Fields): { readonly attempt: never; readonly sequence: number } {
  return { attempt: id("a", fields, "attempt") as never, sequence: sequence(fields) }
}

function wrong(name: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot read a message of the server: its ${name} is not valid`)
}

function object(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name)
  return value as Fields
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== "string") throw wrong(name)
  return value
}

/** A number that is not negative: bytes, milliseconds, a time. */
function count(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw wrong(name)
  return value
}

function sequence(fields: Fields, name = "sequence"): number {
  const value = fields[name]
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) throw wrong(name)
  return value
}

function id(prefix: "a" | "s", fields: Fields, name: string): string {
  const value = fields[name]
  if (!isId(prefix, value)) throw wrong(name)
  return value as string
}

function hash(fields: Fields, name: string) {
  const value = fields[name]
  if (!isBlobHash(value)) throw wrong(name)
  return value
}

function hashes(fields: Fields, name: string): readonly BlobHash[] {
  const value = fields[name]
  if (!Array.isArray(value) || !value.every(isBlobHash)) throw wrong(name)
  return value
}

function list(fields: Fields, name: string): readonly string[] {
  const value = fields[name]
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw wrong(name)
  return value
}

function strings(fields: Fields, name: string): Readonly<Record<string, string>> {
  const value = object(fields[name], name)
  if (!Object.values(value).every((item) => typeof item === "string")) throw wrong(name)
  return value as Record<string, string>
}

function orNull<T>(fields: Fields, name: string, read: (fields: Fields, name: string) => T): T | null {
  return fields[name] === null ? null : read(fields, name)
}

function oneOf<const T extends string>(fields: Fields, name: string, values: readonly T[]): T {
  const value = fields[name]
  if (!(values as readonly unknown[]).includes(value)) throw wrong(name)
  return value as T
}

/** A path that stays inside the workspace: relative, without `..`. */
function relativePath(fields: Fields, name: string): string {
  const path = text(fields, name)
  if (path.startsWith("/") || path.includes("\0") || path.split("/").includes("..")) throw wrong(name)
  return path
}
