import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { ServerId } from "../protocol/ids.ts"

/** Where things lie on a host: everything Windfall has there is below `root`, everything of one server below `base`. */
export interface HostFolder {
  readonly root: string
  /** Says which server owns the host. */
  readonly claim: string
  readonly base: string
  /** One folder for each attempt, named by its sequence number. */
  readonly attempts: string
  /** Forgotten attempts, removed when there is time. */
  readonly trash: string
  /** The forker's lock and FIFO, and who the agent is. */
  readonly run: string
  readonly cache: string
  readonly highWater: string
  /** A megabyte that a full disk can be given, so that exit statuses can still be written. */
  readonly ballast: string
}

export function hostFolder(root: string, server: ServerId): HostFolder {
  const base = join(root, "servers", server)
  return {
    root,
    claim: join(root, "claim"),
    base,
    attempts: join(base, "attempts"),
    trash: join(base, "trash"),
    run: join(base, "run"),
    cache: join(base, "cache"),
    highWater: join(base, "high-water"),
    ballast: join(base, "run", "ballast"),
  }
}

/** Makes the folders that are missing, open to this account only. */
export function makeHostFolder(folder: HostFolder): void {
  for (const path of [folder.root, folder.attempts, folder.trash, folder.run, folder.cache]) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }
}
