import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs"
import { arch, cpus, freemem, homedir, hostname, loadavg, totalmem, uptime, userInfo } from "node:os"
import { formatBytes } from "../../base/bytes.ts"
import type { HostFacts } from "../../protocol/host.ts"
import { NO_VITALS, type Vitals } from "../../protocol/vitals.ts"
import { readIfThere } from "../own-file.ts"
import { linuxMachineId, linuxNetwork } from "./linux-network.ts"
import { heldSockets, linuxListeners } from "./linux-ports.ts"
import { MemoryCgroups } from "./memory-cgroups.ts"
import type { FreeNow, MemoryNow, Platform, ProcessRow } from "./platform.ts"

const PAGE_BYTES = 4096
const LEAST_FREE_BYTES = 512 * 1024 ** 2
/** What /proc counts starts in, on every system. */
const TICKS_PER_S = 100
/** What runs for an account by itself as soon as somebody logs in. */
const OF_SYSTEM: ReadonlySet<string> = new Set(["systemd", "(sd-pam)", "sshd", "sshd-session"])

/** Linux: everything from /proc. The supervisor is a subreaper, so its sweep is total. */
export function linuxPlatform(): Platform {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  const uid = process.getuid?.() ?? 0
  const cgroups = MemoryCgroups.find(readIfThere("/proc/self/cgroup") ?? "")
  return {
    system: "linux",
    bootId,
    sweepIsTotal: true,
    sampleMs: 5_000,
    facts: async (root) => ({ ...facts(root, bootId), memoryHeldBy: cgroups === null ? "windfall" : "kernel" }),
    free: async (root) => free(root),
    lookAtNetwork: async () => linuxNetwork(),
    networkMark: async () => JSON.stringify(linuxNetwork()),
    machineId: async () => linuxMachineId(),
    memoryNow: async () => memoryNow(),
    vitals: async () => vitals(),
    sharing: () => ({}),
    isAlive,
    isSurely: isAlive,
    supervises: (pid, start, attempt) => isAlive(pid, start) && titleOf(pid) === `windfall supervisor ${attempt}`,
    ownStart: () => readRow(process.pid)?.start ?? "",
    startBefore: (agoMs) => (uptime() - agoMs / 1000) * TICKS_PER_S,
    processes: async () => processes(),
    ofAccount: (rows) => rows.filter((row) => uidOf(row.pid) === uid),
    usageOf: async (rows) =>
      rows.map((row) => ({ memoryBytes: proportionalBytes(row.pid) ?? row.residentBytes, cpuMs: row.cpuMs })),
    unaccountedBytes: async () => unaccountedBytes(),
    carriers: async (attempt, folder) => processes().filter((row) => carries(row.pid, uid, attempt, folder)),
    listeners: async (port) => linuxListeners(port),
    heldBy: (listeners, pids) => heldSockets(listeners, pids),
    stubs: async () => [],
    cgroups,
  }
}

function isAlive(pid: number, start: string): boolean {
  const row = readRow(pid)
  return row !== null && row.start === start
}

/** What a process calls itself, without arguments. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0", 1)[0]?.trimEnd() ?? ""
  } catch {
    return ""
  }
}

function processes(): ProcessRow[] {
  const rows: ProcessRow[] = []
  for (const name of readdirSync("/proc")) {
    if (name.charCodeAt(0) > 57) continue
    const row = readRow(Number(name))
    if (row !== null) rows.push(row)
  }
  return rows
}

/** Reads /proc/PID/stat; `null` for a process that is gone or a zombie. */
function readRow(pid: number): ProcessRow | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1")
  } catch {
    return null
  }
  const open = text.indexOf("(")
  const close = text.lastIndexOf(")")
  const fields = text.slice(close + 2).split(" ")
  if (close < 0 || fields[0] === "Z" || fields[0] === "X") return null
  const name = text.slice(open + 1, close)
  return {
    pid,
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19] ?? "",
    residentBytes: Number(fields[21]) * PAGE_BYTES,
    // utime, stime, cutime, cstime
    cpuMs: (fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 1000) / TICKS_PER_S,
    name,
    ofSystem: OF_SYSTEM.has(name),
    // "t" is one that a debugger has stopped.
    isStopped: fields[0] === "T" || fields[0] === "t",
  }
}

function uidOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return null
  }
}

/** /proc/meminfo by label, in bytes. */
function readMemory(): (label: string) => number {
  const text = readFileSync("/proc/meminfo", "latin1")
  return (label) => Number(new RegExp(`^${label}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024
}

/** With so little available, and no swap to speak of, the kernel is about to choose a victim by itself. */
function memoryNow(): MemoryNow {
  const bytes = readMemory()
  const freeBytes = bytes("MemAvailable")
  const least = Math.min(LEAST_FREE_BYTES, bytes("MemTotal") / 16)
  const danger = freeBytes < least && bytes("SwapFree") < least ? `it has only ${formatBytes(freeBytes)} left` : null
  return { freeBytes, danger }
}

function vitals(): Vitals {
  const bytes = readMemory()
  return {
    ...NO_VITALS,
    memoryAvailableBytes: bytes("MemAvailable"),
    swapUsedBytes: Math.max(0, bytes("SwapTotal") - bytes("SwapFree")),
    load: loadavg()[0] ?? null,
  }
}

/** In use, less caches, less what processes hold by themselves: files in memory, the kernel's own. */
function unaccountedBytes(): number {
  const bytes = readMemory()
  return bytes("MemTotal") - bytes("MemAvailable") - bytes("AnonPages")
}

/** The process's share of what it maps (PSS): the only number that can be added up. Costs the kernel a walk. */
function proportionalBytes(pid: number): number | null {
  try {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))
    return match === null ? null : Number(match[1]) * 1024
  } catch {
    return null
  }
}

function carries(pid: number, uid: number, attempt: string, folder: string): boolean {
  try {
    if (uidOf(pid) !== uid) return false
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`
    if (environment.includes(`\0WINDFALL_ATTEMPT=${attempt}\0`)) return true
    const current = readlinkSync(`/proc/${pid}/cwd`)
    return current === folder || current.startsWith(`${folder}/`)
  } catch {
    return false
  }
}

function facts(root: string, bootId: string): HostFacts {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readIfThere("/etc/os-release") ?? "")?.[1] ?? "Linux"
  return {
    platform: "linux",
    arch: arch() === "arm64" ? "arm64" : "x64",
    system,
    model: null,
    chip: cpus()[0]?.model.trim() || "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    gpus: 0,
    hostname: hostname(),
    user: userInfo().username,
    accountTraits: process.getuid?.() === 0 ? ["root"] : [],
    home: homedir(),
    bootId,
    timeZone: timeZone(),
    diskFreeBytes: free(root).diskFreeBytes,
  }
}

/** The zone the system's clock shows, whatever TZ this process was given. */
function timeZone(): string | null {
  const named = readIfThere("/etc/timezone")?.trim()
  if (named) return named
  try {
    return /zoneinfo\/(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1] ?? null
  } catch {
    return null
  }
}

function free(root: string): FreeNow {
  const disk = statfsSync(root)
  return { memoryFreeBytes: freemem(), diskFreeBytes: disk.bavail * disk.bsize, load: loadavg()[0] ?? 0 }
}
