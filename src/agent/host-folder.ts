import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import type { ServerId } from "../protocol/ids.ts"

/** Where things lie on a host: everything Windfall has there is below `root`, everything of one server below `base`. */
export interface HostFolder {
  readonly root: string
  /** Says which server owns the host. */
  readonly claim: string
  /** There while the owner takes Windfall off (ssh/leave.sh). */
  readonly leaving: string
  readonly base: string
  /** One folder for each attempt, named by its sequence number. */
  readonly attempts: string
  /** Forgotten attempts, removed when there is time. */
  readonly trash: string
  /** The forker's lock and FIFO, and who the agent is. */
  readonly run: string
  readonly cache: string
  /** Data that jobs share, and what is on its way. */
  readonly data: string
  /** Python environments, one folder for each, named by what it is made from. */
  readonly environments: string
  /** What jobs of all users share by variable: downloads of uv and Hugging Face, and Pythons. On one file system with the environments. */
  readonly shared: string
  /** A home folder for each user. */
  readonly homes: string
  /** What jobs have filled by themselves, as it was measured last. */
  readonly measured: string
  /** What the server lets it hold. */
  readonly diskLimit: string
  /** What was said of the host: its terms, and its owner's lever. */
  readonly owner: string
  readonly highWater: string
  /** What ended attempts have left on this host. */
  readonly leftovers: string
  /** Which run of the server, and from which place, was heard here last. */
  readonly holder: string
  /** When it was last heard of. */
  readonly contact: string
  /** Dated again and again while something runs. */
  readonly alive: string
  /** A megabyte that a full disk can be given, so that exit statuses can still be written. */
  readonly ballast: string
}

export function hostFolder(root: string, server: ServerId): HostFolder {
  const base = join(root, "servers", server)
  return {
    root,
    claim: join(root, "claim"),
    leaving: join(root, "leaving"),
    base,
    attempts: join(base, "attempts"),
    trash: join(base, "trash"),
    run: join(base, "run"),
    cache: join(base, "cache"),
    data: join(base, "data"),
    environments: join(base, "environments"),
    shared: join(base, "shared"),
    homes: join(base, "homes"),
    measured: join(base, "measured"),
    diskLimit: join(base, "disk-limit"),
    owner: join(base, "owner"),
    highWater: join(base, "high-water"),
    leftovers: join(base, "leftovers"),
    holder: join(base, "holder"),
    contact: join(base, "run", "contact"),
    alive: join(base, "run", "alive"),
    ballast: join(base, "run", "ballast"),
  }
}

/** Makes the folders that are missing, open to this account only, and opens those that a job has closed. */
export function makeHostFolder(folder: HostFolder): void {
  const { root, base, trash, run, cache, environments, shared, homes, attempts } = folder
  for (const path of [root, dirname(base), base, trash, run, cache, environments, shared, homes]) makeFolder(path)
  if (makeFolder(attempts)) spread(attempts)
}

/** Returns whether it was missing. */
function makeFolder(path: string): boolean {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) return true
  if ((statSync(path).mode & 0o700) !== 0o700) chmodSync(path, 0o700)
  return false
}

/**
 * ext4 puts a new folder beside its parent and there steps over each inode freed in the last minutes, which gets slow after
 * many attempts were removed. Below a folder with the flag T each goes to a part of the disk of its own (chattr(1)). Other
 * file systems have no such flag and no such trouble, so a refusal says nothing.
 */
function spread(path: string): void {
  if (process.platform !== "linux") return
  spawnSync("chattr", ["+T", path], { stdio: "ignore", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } })
}
