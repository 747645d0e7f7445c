/**
 * Checks what an agent says: everything from a host is untrusted. Written by hand, because this runs for every message
 * of every job; a general schema library costs more than the rest of a message's way through the server.
 */
import { ACCOUNT_TRAITS } from "./account-traits.ts"
import type { AgentMessage, ExitRecord, FoundAttempt } from "./agent-wire.ts"
import { ASIDE_CHECKS } from "./aside-wire.ts"
import { CHECKPOINT_CHECKS } from "./checkpoint.ts"
import { MAX_STREAM_BYTES } from "./frames.ts"
import { GANG_CHECKS } from "./gang-wire.ts"
import type { HostFacts } from "./host.ts"
import { HELD_KINDS } from "./host-disk.ts"
import { isBlobHash, isId } from "./ids.ts"
import { CAUSES } from "./job-state.ts"
import { type Leftovers, MAX_STRAYS, type Stray } from "./leftovers.ts"
import { checkMacFacts } from "./mac-facts-check.ts"
import { isMachine } from "./machine.ts"
import { NETWORK_CHECKS } from "./network-check.ts"
import { checkAsides, OWNER_CHECKS } from "./owner-check.ts"
import {
  attempt,
  count,
  countOrNull,
  fail,
  hashes,
  list,
  moment,
  number,
  object,
  type Raw,
  text,
  textOrNull,
} from "./raw-check.ts"
import { SLEEP_CHECKS } from "./sleep-wire.ts"
import { VITALS_CHECKS } from "./vitals-check.ts"

const CAUSE_SET: ReadonlySet<unknown> = new Set(CAUSES)

/**
 * Returns the value as a message, having looked at every field the server uses.
 * @throws {WindfallError} corrupt_data naming the type and the field that is wrong
 */
export function checkAgentMessage(value: unknown): AgentMessage {
  const raw = object(value, "message", "message")
  const type = String(raw.type)
  const check = CHECKS[type as AgentMessage["type"]]
  if (check === undefined) fail("message", "type")
  check(raw, type)
  return value as AgentMessage
}

const CHECKS: Readonly<Record<AgentMessage["type"], (raw: Raw, type: string) => void>> = {
  hello: (raw, type) => {
    count(raw, "protocol", type)
    text(raw, "agentVersion", type)
    if (!isId("s", raw.server)) fail(type, "server")
    checkFacts(object(raw.facts, type, "facts"))
    count(raw, "highWater", type)
    for (const found of list(raw, "attempts", type)) checkFound(object(found, type, "attempts"))
    for (const tree of list(raw, "trees", type)) if (!isBlobHash(tree)) fail(type, "trees")
    checkLeftovers(object(raw.leftovers, type, "leftovers"))
    if (raw.data !== undefined) hashes(raw, "data", type)
    if (raw.diskLimitBytes !== undefined) count(raw, "diskLimitBytes", type)
    if (raw.machine !== undefined && !isMachine(raw.machine)) fail(type, "machine")
  },
  data: (raw, type) => hashes(raw, "roots", type),
  "need-data": (raw, type) => {
    attempt(raw, type)
    if (!isBlobHash(raw.root)) fail(type, "root")
    hashes(raw, "hashes", type)
    if (typeof raw.direct !== "boolean") fail(type, "direct")
  },
  placing: (raw, type) => {
    attempt(raw, type)
    text(raw, "name", type)
    count(raw, "doneBytes", type)
    count(raw, "totalBytes", type)
  },
  need: (raw, type) => {
    attempt(raw, type)
    hashes(raw, "hashes", type)
  },
  need_uv: attempt,
  started: (raw, type) => {
    attempt(raw, type)
    count(raw, "pid", type)
    number(raw, "at", type)
  },
  exited: (raw, type) => {
    attempt(raw, type)
    checkExit(object(raw.exit, type, "exit"))
    count(raw, "stdoutBytes", type, MAX_STREAM_BYTES)
    count(raw, "stderrBytes", type, MAX_STREAM_BYTES)
  },
  swept: attempt,
  outputs: (raw, type) => {
    attempt(raw, type)
    if (raw.tree !== null && !isBlobHash(raw.tree)) fail(type, "tree")
    count(raw, "files", type)
    count(raw, "bytes", type)
    textOrNull(raw, "problem", type)
    if (raw.unmatched !== undefined) list(raw, "unmatched", type)
  },
  refused: (raw, type) => {
    attempt(raw, type)
    if (raw.cause !== "gone" && !CAUSE_SET.has(raw.cause)) fail(type, "cause")
    text(raw, "message", type)
    if (raw.data !== undefined) text(raw, "data", type)
  },
  forgotten: attempt,
  sample: (raw, type) => {
    for (const field of ["memoryFreeBytes", "diskFreeBytes"]) count(raw, field, type)
    for (const field of ["at", "load"]) number(raw, field, type)
    for (const each of list(raw, "attempts", type)) {
      const seen = object(each, type, "attempts")
      for (const field of ["sequence", "memoryBytes", "processes"]) count(seen, field, type)
      if (seen.cpuMs !== undefined) count(seen, "cpuMs", type)
    }
  },
  ...OWNER_CHECKS,
  ...ASIDE_CHECKS,
  ...VITALS_CHECKS,
  ...NETWORK_CHECKS,
  ...SLEEP_CHECKS,
  ...CHECKPOINT_CHECKS,
  ...GANG_CHECKS,
  left: () => {},
  disk: (raw, type) => {
    const disk = object(raw.disk, type, "disk")
    count(disk, "budgetBytes", type)
    const held = object(disk.held, type, "held")
    for (const kind of HELD_KINDS) count(held, kind, type)
  },
  leftovers: (raw, type) => checkLeftovers(object(raw.leftovers, type, "leftovers")),
  notice: (raw, type) => {
    text(raw, "message", type)
    if (raw.attempt !== undefined) attempt(raw, type)
  },
}

function checkFacts(raw: Raw & Partial<Record<keyof HostFacts, unknown>>): void {
  if (raw.platform !== "darwin" && raw.platform !== "linux") fail("hello", "facts.platform")
  if (raw.arch !== "arm64" && raw.arch !== "x64") fail("hello", "facts.arch")
  for (const field of ["system", "chip", "hostname", "user", "home", "bootId"]) text(raw, field, "hello facts")
  for (const field of ["cores", "memoryBytes", "gpus", "diskFreeBytes"]) count(raw, field, "hello facts")
  for (const field of ["gpuMemoryBytes", "memoryAvailableBytes"])
    if (raw[field] !== undefined) count(raw, field, "hello facts")
  if (![undefined, "kernel", "windfall"].includes(raw.memoryHeldBy as never)) fail("hello", "facts.memoryHeldBy")
  textOrNull(raw, "model", "hello facts")
  textOrNull(raw, "timeZone", "hello facts")
  if (raw.mac !== undefined) checkMacFacts(raw.mac)
  const traits = raw.accountTraits
  if (traits === undefined) return
  if (!Array.isArray(traits) || !traits.every((trait) => (ACCOUNT_TRAITS as readonly unknown[]).includes(trait)))
    fail("hello", "facts.accountTraits")
}

function checkFound(raw: Raw & Partial<Record<keyof FoundAttempt, unknown>>): void {
  attempt(raw, "hello attempts")
  count(raw, "job", "hello attempts")
  if (raw.phase !== "preparing" && raw.phase !== "running" && raw.phase !== "exited") fail("hello attempts", "phase")
  if (raw.startedAt !== null) number(raw, "startedAt", "hello attempts")
  if (raw.exit !== null) checkExit(object(raw.exit, "hello attempts", "exit"))
  if (raw.suspendedAt !== undefined) moment(raw, "suspendedAt", "hello attempts")
  if (raw.suspendedMs !== undefined) count(raw, "suspendedMs", "hello attempts")
  if (raw.reactionMs !== undefined) count(raw, "reactionMs", "hello attempts")
  if (raw.asides !== undefined) checkAsides(raw, "hello attempts")
}

function checkExit(raw: Raw & Partial<Record<keyof ExitRecord, unknown>>): void {
  if (!CAUSE_SET.has(raw.cause)) fail("exit", "cause")
  countOrNull(raw, "peakMemoryBytes", "exit")
  // Beyond what a system gives, a shell would make another verdict of it: of 256 it makes 0.
  countOrNull(raw, "exitCode", "exit", 255)
  countOrNull(raw, "signal", "exit", 127)
  if (raw.startedAt !== null) number(raw, "startedAt", "exit")
  number(raw, "endedAt", "exit")
  textOrNull(raw, "message", "exit")
}

function checkLeftovers(raw: Raw & Partial<Record<keyof Leftovers, unknown>>): void {
  count(raw, "missingBytes", "leftovers")
  const strays = list(raw, "strays", "leftovers")
  if (strays.length > MAX_STRAYS) fail("leftovers", "strays")
  for (const each of strays) {
    const stray: Raw & Partial<Record<keyof Stray, unknown>> = object(each, "leftovers", "strays")
    for (const field of ["pid", "memoryBytes"]) count(stray, field, "leftovers strays")
    for (const field of ["start", "command"]) text(stray, field, "leftovers strays")
    if (!isId("a", stray.attempt)) fail("leftovers strays", "attempt")
    if (typeof stray.certain !== "boolean") fail("leftovers strays", "certain")
  }
}
