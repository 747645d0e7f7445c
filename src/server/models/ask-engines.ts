import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { checkEngineLook, type EngineLook } from "../../protocol/host-engines.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** A Mac may look through a program for a while before it first runs it; what takes longer is known at the next plan. */
const ASK_MS = 10_000
const MOST_BYTES = 64 * 1024

/**
 * Asks hosts that are connected which engines they have, all at once, where what is known of one is older than `maxAgeMs`. Never rejects:
 * of one that does not answer what was known stays, and it is not asked again before that has passed.
 */
export async function askEngines(core: Core, maxAgeMs: number): Promise<void> {
  const now = core.clock.now()
  const due = core.fleet
    .all()
    .filter(({ channel, engines }) => channel !== null && (engines === null || now - engines.askedAt > maxAgeMs))
  await Promise.all(due.map((host) => askOne(core, host)))
}

async function askOne(core: Core, host: FleetHost): Promise<void> {
  const askedAt = core.clock.now()
  const known = host.engines?.look ?? null
  const look = await ask(core, host).catch(() => known)
  // One that has gone meanwhile may come back with others.
  if (host.channel !== null) host.engines = { look, askedAt }
}

/** @throws {WindfallError} corrupt_data, link_lost, route_not_found of an agent of before */
async function ask({ signal }: Core, { channel }: FleetHost): Promise<EngineLook | null> {
  if (channel === null) return null
  const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of await channel.ask(AGENT_PATHS.engines, {}, { signal: within })) {
    bytes += piece.length
    if (bytes > MOST_BYTES)
      throw new WindfallError("corrupt_data", "Cannot read a host's engines: it says more than any host has to say")
    pieces.push(piece)
  }
  return checkEngineLook(JSON.parse(Buffer.concat(pieces).toString()))
}
