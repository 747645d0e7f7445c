import type { HostView } from "../../protocol/host.ts"
import { nodeNet, os } from "../builtin.ts"
import type { Cli } from "../cli.ts"

const CONNECT_MS = 2_000

/** Names of the hosts that call themselves as this machine does. Two may be called the same: {@link answersHere} tells them apart. */
export async function hostsHere(cli: Cli): Promise<ReadonlySet<string>> {
  const { hosts } = await cli.client.get<{ hosts: HostView[] }>("/v1/hosts")
  const own = os.hostname().toLowerCase()
  return new Set(hosts.filter(({ facts }) => facts?.hostname.toLowerCase() === own).map(({ name }) => name))
}

/** Whether something of this machine takes connections at a port of its loopback. */
export async function answersHere(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1"]) if (await connects(host, port)) return true
  return false
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = nodeNet().connect({ host, port, timeout: CONNECT_MS })
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once("connect", () => end(true))
    socket.once("timeout", () => end(false))
    socket.on("error", () => end(false))
  })
}
