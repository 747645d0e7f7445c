import { execFileSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { lookup } from "node:dns/promises"
import { hostname, networkInterfaces } from "node:os"
import { isLoopback, nameForUrl } from "./certificate.ts"

/**
 * What colleagues can call this machine by: a name of its certificate where the lab gave one; a Mac's Bonjour name; its own
 * name where that is known to lead here; else the address by which it reaches others.
 */
export async function lanName(labCertificate: string | undefined): Promise<string> {
  if (labCertificate !== undefined) return nameForUrl(labCertificate, await ownAddress())
  if (process.platform === "darwin") return bonjourName()
  return (await leadsHere(hostname())) ? hostname() : await ownAddress()
}

/** The name a Mac answers to in its network; it may differ from what the network calls it (scutil(8), LocalHostName). */
function bonjourName(): string {
  try {
    const words = ["--get", "LocalHostName"]
    return `${execFileSync("/usr/sbin/scutil", words, { encoding: "utf8", timeout: 5_000 }).trim()}.local`
  } catch {
    return hostname()
  }
}

/** Whether a name is that of an address others can reach this machine by. */
async function leadsHere(name: string): Promise<boolean> {
  const own = new Set(addresses())
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.length > 0 && found.every(({ address }) => own.has(address))
}

/** Of several addresses, that of the way out: bridges of containers and the like have others. No packet is sent. */
async function ownAddress(): Promise<string> {
  const socket = createSocket("udp4")
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject)
      socket.connect(9, "198.51.100.1", resolve)
    })
    return socket.address().address
  } catch {
    return addresses()[0] ?? hostname()
  } finally {
    socket.close()
  }
}

function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const outer = all.filter(({ internal, address }) => !internal && !isLoopback(address) && !address.startsWith("fe80:"))
  return outer.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address)
}
