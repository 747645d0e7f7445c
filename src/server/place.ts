import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readFileSync, realpathSync } from "node:fs"
import { hostname } from "node:os"
import type { ServerInstance } from "../protocol/server-instance.ts"

/**
 * Where a data folder lies: which folder of which machine. A copy of it has another place; a backup put back where it came
 * from has the same.
 */
export function placeOf(folder: string): Pick<ServerInstance, "place" | "where"> {
  const path = realpathSync(folder)
  const place = createHash("sha256").update(`${machineId()}\n${path}`).digest("hex").slice(0, 32)
  return { place, where: `${hostname()}:${path}` }
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
