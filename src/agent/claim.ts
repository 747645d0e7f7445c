import { linkSync, readdirSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { isId, type ServerId } from "../protocol/ids.ts"
import { inspectAttempt } from "./attempt-folder.ts"
import { writeDurably } from "./durable-file.ts"
import { type HostFolder, hostFolder } from "./host-folder.ts"
import { readIfThere, systemCode } from "./own-file.ts"
import type { Platform } from "./platform/platform.ts"
import { askToLeave, readHolder } from "./takeover.ts"

interface Claim {
  readonly server: ServerId
  readonly since: number
}

/**
 * Makes the host this server's, or finds that it is. With `takeOver` another server's claim is replaced, unless something
 * of that server runs here; its idle agent is asked to leave.
 * @throws {WindfallError} host_claimed, with `details.server` and `details.since`
 */
export async function claimHost(
  folder: HostFolder,
  server: ServerId,
  takeOver: boolean,
  now: number,
  platform: Platform,
): Promise<void> {
  const claim = readClaim(folder.claim) ?? claimFirst(folder.claim, { server, since: now })
  if (claim.server === server) return
  const details = { server: claim.server, since: claim.since }
  const since = new Date(claim.since).toISOString()
  if (!takeOver) {
    throw new WindfallError("host_claimed", `Cannot use this host: server ${claim.server} has it since ${since}`, {
      hint: "Remove the host there, or join it with --take-over while nothing of that server runs on it",
      details,
    })
  }
  const other = hostFolder(folder.root, claim.server)
  const running = runningIn(other, platform)
  if (running.length > 0) {
    throw new WindfallError(
      "host_claimed",
      `Cannot take over this host: ${running.length} attempt(s) of server ${claim.server} run here`,
      { hint: "Wait for them to end, or stop them there", details: { ...details, running } },
    )
  }
  const holder = readHolder(other)
  if (holder !== null) await askToLeave(holder, platform)
  writeDurably(folder.claim, claimText({ server, since: now }))
}

function claimText(claim: Claim): string {
  return `${JSON.stringify(claim)}\n`
}

function readClaim(path: string): Claim | null {
  const text = readIfThere(path)
  if (text === null) return null
  try {
    const claim: unknown = JSON.parse(text)
    const { server, since } = claim as Partial<Claim>
    if (isId("s", server) && typeof since === "number") return { server: server as ServerId, since }
  } catch {
    // Fall through: what cannot be read is no claim.
  }
  unlinkSync(path)
  return null
}

/** Two servers may come at the same moment: a link is made by one of them only. */
function claimFirst(path: string, claim: Claim): Claim {
  const own = `${path}.${process.pid}`
  writeFileSync(own, claimText(claim), { mode: 0o600, flush: true })
  try {
    linkSync(own, path)
    return claim
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error
    return readClaim(path) ?? claim
  } finally {
    unlinkSync(own)
  }
}

function runningIn(folder: HostFolder, platform: Platform): number[] {
  let names: string[]
  try {
    names = readdirSync(folder.attempts)
  } catch {
    return []
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const { record, swept } = inspectAttempt(join(folder.attempts, name))
      if (record === null || record.bootId !== platform.bootId) return false
      const { pid, start, attempt, child } = record
      return platform.supervises(pid, start, attempt) || (swept === null && childAlive(child))
    })
    .map(Number)
}

function childAlive(group: number | null): boolean {
  if (group === null) return false
  try {
    process.kill(-group, 0)
    return true
  } catch {
    return false
  }
}
