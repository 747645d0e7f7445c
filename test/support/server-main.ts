/**
 * The server as tests run it where it must be hurried or its clock moved: `server-main.ts SETTINGS_JSON`. Otherwise it is
 * the same as src/server/main.ts, in a process of its own that can be killed.
 */
import { join } from "node:path"
import { hostClock } from "../../src/agent/host-clock.ts"
import { systemClock } from "../../src/base/clock.ts"
import { toWindfallError } from "../../src/protocol/errors.ts"
import { bundleAgent } from "../../src/server/hosts/agent-bundle.ts"
import { LINK_TIMING, type LinkTiming } from "../../src/server/hosts/host-link.ts"
import { openHostsWith } from "../../src/server/hosts/open-hosts.ts"
import type { ServerLimits } from "../../src/server/limits.ts"
import type { ModelLimits } from "../../src/server/models/model-limits.ts"
import { startServer } from "../../src/server/start-server.ts"
import { type PayloadSource, packagedPayloads } from "../../src/ssh/payload.ts"
import { pythonIndex } from "../../src/ssh/python-index.ts"
import { macPayloads } from "../lab/mac/mac-agent.ts"

export interface ServerMainSettings {
  readonly data: string
  readonly keyFile: string
  readonly cache: string
  readonly port: number
  readonly timing?: Partial<LinkTiming>
  readonly limits?: Partial<ServerLimits>
  readonly modelLimits?: Partial<ModelLimits>
  /** Files that say how far clocks are moved, as host-clock.ts reads them: the server's, and each host's by `address:port`. */
  readonly clocks?: { readonly server: string; readonly hosts: Readonly<Record<string, string>> }
  /** An agent bundle to send instead of the one made from the sources, as another release would have it. */
  readonly agentBundle?: string
  /** Whether Macs are simulated ones, whose agents run on this machine's Node. */
  readonly labMacs?: boolean
  /** The index that hosts get an engine's packages from. */
  readonly packageIndex?: string
}

const ROOT = join(import.meta.dirname, "../..")

try {
  const settings = JSON.parse(process.argv[2] ?? "") as ServerMainSettings
  const { data, keyFile, cache, port, clocks, agentBundle, limits, modelLimits } = settings
  const payloads: PayloadSource | null =
    agentBundle === undefined && settings.labMacs !== true
      ? null
      : packagedPayloads({
          shelf: { packageRoot: ROOT, cacheFolder: cache },
          bundleAgent: async (signal) => agentBundle ?? bundleAgent(ROOT, cache, signal),
        })
  const clock =
    clocks === undefined ? systemClock() : { ...systemClock(), now: () => hostClock(`@${clocks.server}`).now() }
  const server = await startServer({
    dataFolder: data,
    keyFile,
    cacheFolder: cache,
    port,
    clock,
    ...(limits === undefined ? {} : { limits }),
    ...(modelLimits === undefined ? {} : { modelLimits }),
    ...(settings.packageIndex === undefined ? {} : { packageIndex: settings.packageIndex }),
    openHosts: openHostsWith({
      timing: { ...LINK_TIMING, ...settings.timing },
      payloads: payloads !== null && settings.labMacs === true ? macPayloads(payloads, cache) : payloads,
      pythonIndex: pythonIndex(process.env),
      agentArguments: (host) => {
        const file = clocks?.hosts[`${host.address}:${host.port}`]
        return file === undefined ? [] : ["--clock-offset", `@${file}`]
      },
    }),
  })
  const { url, firstToken } = server
  process.stdout.write(`${JSON.stringify({ ready: true, url, server: server.server, pid: process.pid, firstToken })}\n`)
  process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)))
} catch (thrown) {
  const error = toWindfallError(thrown, "start the server")
  process.stderr.write(`${JSON.stringify(error.toBody())}\n`)
  process.exitCode = error.exitCode
}
