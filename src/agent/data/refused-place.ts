import { readFileSync } from "node:fs"
import { dirname } from "node:path"

/** What an account of the system has as its home; no data lies below. */
const FIRST_PERSON = 1_000

/**
 * Why this folder is never data whatever its modes say, in words; `null` when it may be. `path` and `home` with links followed.
 */
export function refusedPlace(
  path: string,
  { home, own, platform }: { readonly home: string; readonly own: string; readonly platform: NodeJS.Platform },
): string | null {
  if (path === "/") return "it is the whole disk"
  if (isWithin(path, own)) return "it is part of what Windfall keeps there itself"
  if (path === home) return "it is the whole home folder of the account that jobs run as"
  if (isWithin(own, path) || isWithin(home, path)) return "Windfall's own folder lies in it"
  return isHome(path, platform) ? "it is somebody's whole home folder" : null
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function isHome(path: string, platform: NodeJS.Platform): boolean {
  if (platform === "darwin") return dirname(path) === "/Users" && path !== "/Users/Shared"
  if (path === "/root") return true
  try {
    return readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .some(([, , uid, , , home]) => home === path && Number(uid) >= FIRST_PERSON && home !== "/nonexistent")
  } catch {
    return false
  }
}
