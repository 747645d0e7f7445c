import { ADAPTERS } from "../hive/engines/engine-adapters.ts"
import { findEngine } from "../member/find-engine.ts"
import { Loss } from "../member/loss.ts"
import type { EngineLook, HostEngine } from "../protocol/host-engines.ts"
import { type JobHost, searchPath } from "./job-environment.ts"
import { lookForRdma } from "./look-for-rdma.ts"

/**
 * Looks for engines of models where members of hives look for them, and asks the first of each kind for its version. Nothing else is run:
 * a program that would have macOS ask somebody something, as the stub of Python does, is in none of these folders by an engine's name.
 *
 * @throws the signal's reason
 */
export async function lookForEngines(host: JobHost, signal: AbortSignal): Promise<EngineLook> {
  const { home } = host.facts
  const environment = { HOME: home, PATH: searchPath(undefined, home, host), WINDFALL_NODE: process.execPath }
  const engines: HostEngine[] = []
  for (const adapter of ADAPTERS) {
    try {
      const asked = { ...adapter, helpCommand: null, devicesCommand: null }
      const { version } = await findEngine(asked, null, 0, environment, signal)
      engines.push({ engine: adapter.engine, version })
    } catch (error) {
      signal.throwIfAborted()
      // One that is killed when it is asked cannot be used any more than one that is not there.
      if (!(error instanceof Loss)) throw error
    }
  }
  return { engines, rdma: host.facts.platform === "darwin" ? await lookForRdma() : null }
}
