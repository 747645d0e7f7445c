import type { DiscoverAnswer, DiscoveredMachine } from "../../protocol/network-api.ts"
import type { Core } from "../core.ts"
import { askDnsSd } from "./ask-dns-sd.ts"
import { askMdns } from "./ask-mdns.ts"
import type { SshService } from "./ssh-services.ts"

const DURATION_MS = 3_000

export type AskNet = (durationMs: number, signal: AbortSignal) => Promise<readonly SshService[]>

/** How this machine asks its net. */
export const askNet: AskNet = process.platform === "darwin" ? askDnsSd : askMdns

/** What offers ssh on the server's net: suggestions, as anybody there can say anything. Changes nothing. Takes some seconds. */
export async function discover(core: Core, signal: AbortSignal, ask: AskNet = askNet): Promise<DiscoverAnswer> {
  try {
    const services = await ask(DURATION_MS, signal)
    return { found: services.map((service) => machineOf(core, service)), problem: null }
  } catch (error) {
    signal.throwIfAborted()
    const { message } = error as Error
    return { found: [], problem: `the server cannot ask its net: ${message}` }
  }
}

function machineOf(core: Core, { name, target, port, addresses }: SshService): DiscoveredMachine {
  const names = new Set([target, ...addresses].map(bare))
  const host = core.fleet.all().find(({ record }) => {
    const isSamePort = (record.port ?? 22) === port
    const own = [record.address.replace(/^.*@/, ""), record.facts?.hostname ?? ""].map(bare)
    return isSamePort && own.some((one) => one !== "" && names.has(one))
  })
  return { name, target, port, host: host?.record.name ?? null }
}

/** Without what may be left out: case, a dot at the end, `.local`. */
function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/\.local$/, "")
}
