import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const MOUNT = "/sys/fs/cgroup"

/**
 * Groups of processes that the kernel of Linux holds to a limit of memory (cgroups v2, Documentation/admin-guide/cgroup-v2.rst): one for
 * each attempt whose sender said how much. The agent looks at memory twice a second; the kernel looks at each page. Only where this
 * account may make such groups; nothing is asked for, and where a write fails the attempt is only watched, as everywhere else.
 */
export class MemoryCgroups {
  readonly #parent: string
  readonly #held = new Map<string, Set<number>>()

  private constructor(parent: string) {
    this.#parent = parent
  }

  /**
   * Finds the nearest group above this process's own in which groups with a limit can be made: it is this account's to write, and hands
   * on the control of memory. Its own will not do, as a group with processes in it hands nothing on. `null` where there is none: with
   * cgroups v1, and mostly in what ssh opens for an account that is not root.
   *
   * @param own /proc/self/cgroup
   * @param mount where cgroups v2 is mounted
   */
  static find(own: string, mount = MOUNT): MemoryCgroups | null {
    const path = /^0::(\/.*)$/m.exec(own)?.[1]
    if (path === undefined || !existsSync(join(mount, "cgroup.controllers"))) return null
    for (let at = dirname(path); ; at = dirname(at)) {
      if (handsOnMemory(join(mount, at))) return new MemoryCgroups(join(mount, at))
      if (at === "/") return null
    }
  }

  /** Holds these processes of an attempt to so many bytes together; what they start from then on belongs to them. May be called again. */
  hold(attempt: string, pids: Iterable<number>, limitBytes: number): void {
    const group = this.#groupOf(attempt)
    try {
      const held = this.#held.get(attempt) ?? make(group, limitBytes)
      this.#held.set(attempt, held)
      for (const pid of pids) {
        if (held.has(pid)) continue
        held.add(pid)
        put(group, pid)
      }
    } catch {
      // It is watched all the same.
    }
  }

  /** How much an attempt held at most when the kernel ended it for its limit; `null` when it did not. */
  endedAt(attempt: string): number | null {
    const group = this.#groupOf(attempt)
    if (!this.#held.has(attempt) || !/^oom_kill [1-9]/m.test(read(join(group, "memory.events")))) return null
    return Number(read(join(group, "memory.peak"))) || Number(read(join(group, "memory.max"))) || null
  }

  /** The attempt has ended: its group goes. One in which something is left stays, as empty as it is for the limit of others. */
  letGo(attempt: string): void {
    if (!this.#held.delete(attempt)) return
    try {
      rmdirSync(this.#groupOf(attempt))
    } catch {
      // Not empty yet, or gone.
    }
  }

  #groupOf(attempt: string): string {
    return join(this.#parent, `windfall-${attempt}`)
  }
}

function make(group: string, limitBytes: number): Set<number> {
  mkdirSync(group, { recursive: true })
  writeFileSync(join(group, "memory.max"), `${Math.floor(limitBytes)}`)
  // All of it or nothing: half a job is of no use.
  writeFileSync(join(group, "memory.oom.group"), "1")
  return new Set()
}

function put(group: string, pid: number): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), `${pid}`)
  } catch {
    // Gone already; others of the attempt are put there all the same.
  }
}

function handsOnMemory(folder: string): boolean {
  if (!/\bmemory\b/.test(read(join(folder, "cgroup.subtree_control")))) return false
  try {
    for (const name of ["", "cgroup.procs"]) accessSync(join(folder, name), constants.W_OK)
    return true
  } catch {
    return false
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}
