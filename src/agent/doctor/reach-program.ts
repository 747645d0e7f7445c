/**
 * Tries to connect to addresses of the local network and says how each went: `reach-program ADDRESS...`, one line of JSON. It is run
 * twice, as a child of the ssh session and as a process that has detached itself from it like a job's supervisor.
 */
import { connect } from "node:net"

export const REACH_ARGUMENT = "reach-program"
/** sshd: on a Mac or a server that is where something listens, and a refusal is an answer as well. */
const PORT = 22
const CONNECT_MS = 3_000

/** "connected", "refused", "unreachable" (EHOSTUNREACH, errno 65 on a Mac), "silent", or another error's code. */
export async function tryAddresses(addresses: readonly string[], port = PORT): Promise<Record<string, string>> {
  const ends = await Promise.all(addresses.map(async (address) => [address, await tryAddress(address, port)] as const))
  return Object.fromEntries(ends)
}

function tryAddress(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS })
    const end = (how: string) => {
      socket.destroy()
      resolve(how)
    }
    socket.once("connect", () => end("connected"))
    socket.once("timeout", () => end("silent"))
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      end(code === "ECONNREFUSED" ? "refused" : code === "EHOSTUNREACH" ? "unreachable" : (code ?? "error")),
    )
  })
}
