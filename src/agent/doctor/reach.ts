import { isIP } from "node:net"
import { networkInterfaces } from "node:os"
import { OWN_PROBES } from "../../doctor/probes.ts"
import type { ProbeOutput } from "../../protocol/doctor-wire.ts"
import { REACH_ARGUMENT, tryAddresses } from "./reach-program.ts"
import { runProbe } from "./run-probe.ts"

const DETACHED_MS = 12_000
const MOST_TRIED = 3

/**
 * Forks, leaves the session, forks again and becomes the program, as a supervisor does: from then on it is nobody's child. What it
 * prints still comes here. `alarm` is inherited by an exec and not by a fork: nothing stays, whatever happens.
 */
const DETACH =
  "use POSIX; exit if fork; POSIX::setsid(); exit if fork; alarm 10; select undef, undef, undef, 0.01 while getppid() != 1 && $n++ < 100; exec @ARGV"

/**
 * Whether a detached process reaches machines of the local network that a child of the ssh session reaches. Only addresses in a
 * network of this machine count, and not the router's: macOS lets everybody reach that one, and everything beyond
 * (Apple TN3179). Connects and says nothing.
 */
export async function tryReach(
  program: readonly string[],
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<ProbeOutput> {
  const near = addresses.filter((address) => isNear(address, networkInterfaces())).slice(0, MOST_TRIED)
  const probe = OWN_PROBES.reach
  if (near.length === 0) return said([])
  const [attached, detached] = await Promise.all([
    tryAddresses(near),
    runProbe(
      {
        probe,
        command: ["/usr/bin/perl", "-e", DETACH, ...program, REACH_ARGUMENT, ...near],
        timeoutMs: DETACHED_MS,
      },
      signal,
    ),
  ])
  if (detached.outcome !== "ended") return detached
  let found: Record<string, unknown>
  try {
    found = JSON.parse(detached.stdout) as Record<string, unknown>
  } catch {
    return { ...detached, stdout: "" }
  }
  return said(near.map((address) => ({ address, attached: attached[address], detached: found[address] ?? "error" })))
}

function said(tries: readonly object[]): ProbeOutput {
  const stdout = `${JSON.stringify({ tries })}\n`
  return { probe: OWN_PROBES.reach, outcome: "ended", exitCode: 0, stdout, stderr: "", isCut: false }
}

/** Whether an IPv4 address is another machine's in a network that this one has an address in. */
export function isNear(address: string, interfaces: ReturnType<typeof networkInterfaces>): boolean {
  if (isIP(address) !== 4) return false
  const own = Object.values(interfaces).flatMap((all) => (all ?? []).filter(({ family }) => family === "IPv4"))
  if (own.some((one) => one.address === address)) return false
  return own.some(({ internal, netmask, address: base }) => {
    const mask = numberOf(netmask)
    return !internal && mask !== 0xffffffff && (numberOf(base) & mask) === (numberOf(address) & mask)
  })
}

function numberOf(address: string): number {
  return address.split(".").reduce((before, part) => (before << 8) | Number(part), 0)
}
