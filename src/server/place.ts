import { execFileSync } from "node:child_process"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { readFileSync, realpathSync } from "node:fs"
import { hostname } from "node:os"
import type { RunId } from "../protocol/ids.ts"
import type { ServerInstance } from "../protocol/server-instance.ts"
import type { Place } from "../store/place.ts"

/**
 * Where a data folder lies: which folder of which machine. A copy of it has another place; a backup put back where it came
 * from has the same.
 */
export function placeOf(folder: string): Place {
  const path = realpathSync(folder)
  const place = createHash("sha256").update(`${machineId()}\n${path}`).digest("hex").slice(0, 32)
  return { place, where: `${hostname()}:${path}` }
}

/** A run of the server at a place, with the proof that it has the server's data. */
export function instanceAt({ place, where }: Place, run: RunId, secret: string): ServerInstance {
  return { run, place, where, proof: proofOf({ run, place, where }, secret) }
}

/**
 * Whether this is said of a process that had this server's data. On a host every job could write down what it likes: without
 * a proof its word must not keep this server from other hosts.
 */
export function isProved(said: Readonly<Record<string, unknown>>, secret: string): boolean {
  const given = Buffer.from(String(said.proof))
  const right = Buffer.from(proofOf(said, secret))
  return given.length === right.length && timingSafeEqual(given, right)
}

function proofOf({ run, place, where }: Readonly<Record<string, unknown>>, secret: string): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([run, place, where]))
    .digest("hex")
}

/** A Mac's name changes with the network it is in, its hardware's id never. Containers share the file, not the name. */
function machineId(): string {
  if (process.platform !== "darwin") return `${hostname()} ${read("/etc/machine-id")}`
  try {
    const text = execFileSync("/usr/sbin/ioreg", ["-r", "-d", "1", "-c", "IOPlatformExpertDevice"], { timeout: 5_000 })
    return /"IOPlatformUUID" = "([^"]+)"/.exec(text.toString())?.[1] ?? hostname()
  } catch {
    return hostname()
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return ""
  }
}
