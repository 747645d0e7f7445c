import { lookup } from "node:dns/promises"
import { setTimeout as delay } from "node:timers/promises"
import type { HostAddRequest, JoinStep } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { LendRequest } from "../../protocol/lending.ts"
import type { StoredCode } from "../../store/codes.ts"
import { checkUnused, freeCode, useCode } from "../auth/codes.ts"
import type { Core } from "../core.ts"
import { removeHost } from "../fleet/change-host.ts"
import type { HostsService } from "../hosts/host-channel.ts"
import type { MacDetail } from "./mac-invite.ts"
import { ownAddresses, plainAddress } from "./own-addresses.ts"

const SSH_PORT = 22
/** So long the key may take to come into force on the machine: bound to where we think we come from, then without. */
const KEY_MS = 8_000
const LOOK_AGAIN_MS = 300
const CLEAN_MS = 30_000

/** What the script on the machine is told, one line each; `done` and `failed` are the last. */
export type LendLine = `${"key" | "busy" | "step" | "done" | "failed"} ${string}`

export interface LendOptions {
  readonly core: Core
  readonly hosts: HostsService
  readonly request: LendRequest
  /** The address it came from. */
  readonly from: string
  /** Held for this alone; used up by the change that stores the host, and by nothing else. */
  readonly code: StoredCode
  /** Aborted when the script on the machine has ended. */
  readonly signal: AbortSignal
}

/** @throws {WindfallError} name_taken where the machine is in the pool already */
export function checkLent(core: Core, { hostKey }: LendRequest): void {
  const known = core.fleet.all().find(({ record }) => record.hostKey === hostKey)
  if (known === undefined) return
  const { name, leaving } = known.record
  const reason =
    leaving?.phase === "left"
      ? `it has left the pool as ${name}, where that is not forgotten yet`
      : `it is in the pool already, as ${name}`
  throw new WindfallError("name_taken", `Cannot join this machine: ${reason}`, {
    hint: `Ask whoever keeps the pool: windfall host rm ${name}`,
  })
}

/**
 * Joins the machine that an invited owner's script runs on, by the key that script sent. The script puts the server's key in
 * when it is told to. When it has ended before the host is in the pool, all that was put on the machine is taken off again.
 */
export async function* lendMachine(options: LendOptions): AsyncGenerator<LendLine> {
  const { code, core, request, from, signal } = options
  const machine = plainAddress(from)
  let joining: HostAddRequest | undefined
  let begun: Disposable | undefined
  let isOver = false
  try {
    begun = core.fleet.joining.begin(request.hostKey, "this machine")
    checkLent(core, request)
    const [name, addresses] = await addressesOf(request, machine)
    const { patterns, problem } = await ownAddresses(addresses, SSH_PORT)
    if (problem !== null) {
      throw new WindfallError("host_unreachable", `Cannot reach this machine by ssh at ${machine}: ${problem}`, {
        hint: "Is Remote Login on, and is the server in the same network?",
      })
    }
    joining = hostRequest(request, code.detail as MacDetail, `${request.user}@${name}`)
    for (const key of [patterns.join(","), "-"] as const) {
      yield `key ${key}`
      const until = core.clock.monotonicMs() + KEY_MS
      for (;;) {
        const refusal = yield* joinOnce(options, joining)
        if (refusal === null) {
          // Who has hung up meanwhile has not heard it, and takes everything back.
          isOver = !signal.aborted
          return
        }
        if (refusal.code !== "authentication_refused" || signal.aborted) throw refusal
        if (core.clock.monotonicMs() > until) break
        await delay(LOOK_AGAIN_MS, undefined, { signal })
      }
    }
    throw new WindfallError("authentication_refused", `Cannot log in as ${request.user}: the key was not accepted`, {
      hint: "Under System Settings > General > Sharing > Remote Login, (i): is that account allowed?",
    })
  } catch (thrown) {
    const { message, hint } = toWindfallError(thrown, "join this machine")
    isOver = !signal.aborted
    yield `failed ${oneLine(hint === undefined ? message : `${message} | ${hint}`)}`
  } finally {
    if (!isOver && joining !== undefined) await takeOff(options, joining)
    begun?.[Symbol.dispose]()
  }
}

/** Returns what the join was refused for, or `null` when the host is in the pool. */
async function* joinOnce(
  { code, core, hosts, signal }: LendOptions,
  joining: HostAddRequest,
): AsyncGenerator<LendLine, WindfallError | null> {
  const actor = code.madeBy
  const use = { check: () => checkUnused(core, code), admitted: () => useCode(core, code, actor) }
  for await (const step of hosts.add(joining, { actor, signal, begun: true, ...use })) {
    if (step.step === "failed") return WindfallError.fromBody({ error: step.error })
    if (step.step === "done") {
      yield `done ${step.host.name}`
      return null
    }
    if (step.step !== "reach" && step.step !== "key") yield lineOf(step)
  }
  return new WindfallError("link_lost", "Cannot tell whether the machine joined")
}

function lineOf({ state, text }: Extract<JoinStep, { state: string }>): LendLine {
  return `${state === "ok" ? "step" : "busy"} ${oneLine(text)}`
}

/** The name it will be called by, and every address that name has: a Mac's Bonjour name where it leads to where the script runs. */
async function addressesOf({ name }: LendRequest, machine: string): Promise<[name: string, addresses: string[]]> {
  if (name === null) return [machine, [machine]]
  const bonjour = `${name}.local`
  const found = await lookup(bonjour, { all: true }).catch(() => [])
  const addresses = found.map(({ address }) => address)
  return addresses.some((address) => plainAddress(address) === machine) ? [bonjour, addresses] : [machine, [machine]]
}

function hostRequest(request: LendRequest, detail: MacDetail, address: string): HostAddRequest {
  const { owner, name, fleet, labels } = detail
  const { hostKey, consoleAccount, accountOfOwner } = request
  return { address, port: null, name, owner, consoleAccount, fleet, labels, hostKey, takeOver: false, accountOfOwner }
}

/**
 * Nobody is there any more to take the key back: what can be reached is cleaned. A host that came into the pool in the very moment in
 * which its owner gave up goes again, and the code is good as before.
 */
async function takeOff({ code, core, hosts }: LendOptions, joining: HostAddRequest): Promise<void> {
  const { address, port, hostKey } = joining
  const host = core.fleet.all().find(({ record }) => record.hostKey === hostKey)
  if (host !== undefined) {
    await core.ledger.change(() => {
      removeHost(core, host, code.madeBy)
      freeCode(core, code, code.madeBy)
    })
  }
  const id = host?.record.id ?? ("" as HostId)
  await hosts.clean({ id, name: address, address, port, hostKey }, AbortSignal.timeout(CLEAN_MS)).catch(() => {})
}

function oneLine(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f]+/g, " ").slice(0, 1000)
}
