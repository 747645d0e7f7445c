import { open, opendir, realpath, stat } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import type { PlaceLook } from "../../protocol/data-wire.ts"
import { errorCode } from "../../workspace/disk-error.ts"
import { refusedPlace } from "./refused-place.ts"
import { writableThere } from "./writable-there.ts"

/** A share whose server is gone can keep a read waiting for ever. */
const LOOK_MS = 10_000
const MOST_ENTRIES = 1_000
const FILES_TRIED = 20

/**
 * Whether data lies at this path of this host: proved by reading the folder, and some bytes of a file where one is found near its
 * top; and what of it this account could write. What is in the way is said in words, for whom to ask and what to switch on.
 * Never throws.
 */
export async function lookAtPlace(
  path: string,
  {
    home = homedir(),
    platform = process.platform,
    waitMs = LOOK_MS,
    mayWrite,
  }: {
    readonly home?: string
    readonly platform?: NodeJS.Platform
    readonly waitMs?: number
    readonly mayWrite?: ((path: string) => Promise<boolean>) | undefined
  } = {},
): Promise<PlaceLook> {
  const given = path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path
  const late = Promise.withResolvers<PlaceLook>()
  const timer = setTimeout(
    () =>
      late.resolve(refusal(given, "it does not answer", "Is it on a share whose server is away? Mount it anew there")),
    waitMs,
  )
  try {
    return await Promise.race([read(given, home, platform, mayWrite), late.promise])
  } catch (error) {
    const why = explain(given, errorCode(error) ?? String(error), home, platform)
    return { ...why, path: given, entries: 0, writable: null }
  } finally {
    clearTimeout(timer)
  }
}

async function read(
  given: string,
  home: string,
  platform: NodeJS.Platform,
  mayWrite: ((path: string) => Promise<boolean>) | undefined,
): Promise<PlaceLook> {
  const path = await realpath(given)
  const [realHome, own] = await Promise.all(
    [home, join(home, ".windfall")].map((one) => realpath(one).catch(() => one)),
  )
  const refused = refusedPlace(path, { home: realHome ?? home, own: own ?? home, platform })
  if (refused !== null) return refusal(path, refused, "Name a folder that has nothing but the data")
  if (!(await stat(path)).isDirectory()) {
    return refusal(path, "it is a file", "Name the folder that it is in")
  }
  let entries = 0
  let files = FILES_TRIED
  for await (const entry of await opendir(path)) {
    if (++entries >= MOST_ENTRIES) break
    if (!entry.isFile() || files === 0) continue
    files--
    await using file = await open(join(path, entry.name), "r")
    await file.read(Buffer.alloc(512), 0, 512, 0)
    files = 0
  }
  if (entries === 0) return refusal(path, "it is empty", "Is the disk or share that it should be mounted?")
  return { path, entries, problem: null, hint: null, writable: await writableThere(path, mayWrite) }
}

function refusal(path: string, problem: string, hint: string | null): PlaceLook {
  return { path, entries: 0, problem, hint, writable: null }
}

/**
 * What a system error at a path means. On macOS EPERM ("Operation not permitted") is privacy protection, which has its own
 * switch, while EACCES is the file's mode: without "Allow full disk access for remote users" a session over ssh may not read
 * Desktop, Documents and Downloads, nor mostly other volumes (Apple, "Allow a remote computer to access your Mac").
 */
export function explain(
  path: string,
  code: string,
  home: string,
  platform: NodeJS.Platform,
): { readonly problem: string; readonly hint: string | null } {
  if (code === "ENOENT" || code === "ENOTDIR") {
    const onVolume = /^\/(Volumes|mnt|media|net)\//.test(path)
    return {
      problem: "there is no such folder",
      hint: onVolume ? "Is the disk or share that it is on mounted there?" : null,
    }
  }
  if (code === "EPERM" && platform === "darwin") {
    const isHome = path.startsWith(`${home}/`)
    return {
      problem: `macOS keeps ${isHome ? "this folder" : "this volume"} from whoever comes over ssh (Operation not permitted)`,
      hint: "On that Mac: System Settings > General > Sharing > Remote Login (i) > Allow full disk access for remote users. That holds for connections made from then on: windfall down, then up, makes them anew",
    }
  }
  if (code === "EACCES" || code === "EPERM") {
    return {
      problem: "the account that jobs run as may not read it",
      hint: "Let that account read it, with all above it",
    }
  }
  if (code === "ESTALE" || code === "EIO" || code === "ETIMEDOUT" || code === "EHOSTDOWN") {
    return {
      problem: `reading fails (${code})`,
      hint: "Is the disk or share that it is on in order? Mount it anew there",
    }
  }
  return { problem: `reading fails (${code})`, hint: null }
}
