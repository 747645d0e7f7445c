import { existsSync, rmSync, statfsSync, unlinkSync, writeFileSync } from "node:fs"
import { isDiskFull } from "./durable-file.ts"

const BALLAST_BYTES = 1024 * 1024
/** Not made on a disk that is nearly full: it would be what fills it. */
const ROOM_BYTES = 16 * BALLAST_BYTES

/** Makes the file that a full disk can be given, if it is not there and there is room for it. Never throws. */
export function keepBallast(path: string): void {
  try {
    if (existsSync(path)) return
    const disk = statfsSync(path.slice(0, path.lastIndexOf("/")))
    if (disk.bavail * disk.bsize < ROOM_BYTES) return
    writeFileSync(path, Buffer.alloc(BALLAST_BYTES), { mode: 0o600 })
  } catch {
    rmSync(path, { force: true })
  }
}

/** Does something small that must succeed also on a full disk: when there is no room, the ballast goes and it is tried again. */
export async function withBallast<T>(path: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!giveBallast(path, error)) throw error
    return await act()
  }
}

/** As {@link withBallast}, for what is done in one go. */
export function withBallastSync<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!giveBallast(path, error)) throw error
    return act()
  }
}

function giveBallast(path: string, error: unknown): boolean {
  if (!isDiskFull(error)) return false
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}
