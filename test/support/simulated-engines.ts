import { WindfallError } from "../../src/protocol/errors.ts"
import type { EngineLook } from "../../src/protocol/host-engines.ts"
import type { SimulatedHost } from "./simulated-host.ts"

const ENGINES = new WeakMap<SimulatedHost, EngineLook["engines"]>()

/** Lets a simulated host say which engines it has. One of which this is not said is an agent of before. */
export function giveEngines(host: SimulatedHost, engines: EngineLook["engines"]): void {
  ENGINES.set(host, engines)
}

/** What it answers when it is asked for them. */
export async function* saidEngines(host: SimulatedHost): AsyncGenerator<Uint8Array> {
  const engines = ENGINES.get(host)
  if (engines === undefined) throw new WindfallError("route_not_found", "Cannot answer: no such route")
  yield Buffer.from(JSON.stringify({ engines }))
}
