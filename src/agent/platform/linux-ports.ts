import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import type { PortListener } from "./platform.ts"

/** The state LISTEN in /proc/net/tcp. */
const LISTEN = "0A"

/** What listens on this port in this network namespace, from /proc/net. */
export function linuxListeners(port: number): PortListener[] {
  return [readTable("tcp"), readTable("tcp6")].flatMap((text) => parseListeners(text, port))
}

/** Those whose sockets one of these processes has open, as far as this account may look. */
export function heldSockets(listeners: readonly PortListener[], pids: ReadonlySet<number>): PortListener[] {
  const wanted = new Set(listeners.map(({ id }) => id))
  const held = new Set<string>()
  for (const pid of pids) {
    if (held.size === wanted.size) break
    for (const id of socketsOf(pid)) if (wanted.has(id)) held.add(id)
  }
  return listeners.filter(({ id }) => id !== null && held.has(id))
}

/** Lines of /proc/net/tcp and tcp6: number, local address, remote one, state, ... and as the tenth field the inode. */
export function parseListeners(text: string, port: number): PortListener[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  const found: PortListener[] = []
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/)
    const local = fields[1] ?? ""
    if (fields[3] !== LISTEN || !local.endsWith(wanted)) continue
    found.push({ address: readAddress(local.slice(0, -wanted.length)), id: fields[9] ?? null, pids: [] })
  }
  return found
}

/** Hexadecimal words, each in the byte order of the machine, which is little-endian on all that Windfall runs on. */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse())
  if (bytes.length === 4) return dotted(bytes)
  if (bytes.slice(0, 10).every((byte) => byte === "00") && bytes[10] === "FF" && bytes[11] === "FF") {
    return dotted(bytes.slice(12))
  }
  if (bytes.every((byte) => byte === "00")) return "::"
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[2 * at]}${bytes[2 * at + 1]}`)
  // The platform's own short form, so that "::1" is recognised.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)
}

function dotted(bytes: readonly string[]): string {
  return bytes.map((byte) => Number.parseInt(byte, 16)).join(".")
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1")
  } catch (error) {
    // A kernel without IPv6 has no such table.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ""
    throw error
  }
}

function socketsOf(pid: number): string[] {
  let names: string[]
  try {
    names = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? []
    } catch {
      return []
    }
  })
}
