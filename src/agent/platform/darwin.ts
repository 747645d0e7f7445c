import { execFile, execFileSync } from "node:child_process"
import { readlinkSync, statfsSync, statSync } from "node:fs"
import { homedir, hostname, loadavg, userInfo } from "node:os"
import { promisify } from "node:util"
import { readMachineMemory } from "../../facts/numbers.ts"
import { sysctlTexts } from "../../facts/sysctl.ts"
import { parseTop } from "../../facts/top.ts"
import type { AccountTrait } from "../../protocol/account-traits.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostFacts } from "../../protocol/host.ts"
import { aliveBy, surelyBy } from "./darwin-alive.ts"
import { lastEnd } from "./darwin-crash.ts"
import { DarwinDanger } from "./darwin-danger.ts"
import { machineFacts } from "./darwin-facts.ts"
import { darwinMachineId, darwinNetworkLook, darwinNetworkMark } from "./darwin-network.ts"
import { joinListeners, parseLsofListeners, parseNetstatListeners } from "./darwin-ports.ts"
import { parseFreeMemory, parseProcesses, parseUsedMemory, parseWakeTime } from "./darwin-text.ts"
import { darwinVitals } from "./darwin-vitals.ts"
import type { FreeNow, MemoryNow, Platform, PortListener, ProcessRow, Usage } from "./platform.ts"

const execute = promisify(execFile)
const OPTIONS = { timeout: 5_000, maxBuffer: 64 * 1024 * 1024, env: { LC_ALL: "C", LANG: "C", TZ: "UTC" } }
/** Not rss: since adv_cmds-237 a `ps` without its entitlement refuses that column, and it misses Metal's memory anyway. */
const COLUMNS = "pid=,ppid=,pgid=,uid=,stat=,lstart=,command="
const TOP = ["/usr/bin/top", "-l", "1", "-stats", "pid,mem,time"] as const

/** What Apple ships as stubs in /usr/bin: without the developer tools each opens an installer on the owner's screen. */
const STUBS = ["python3", "pip3", "git", "clang", "clang++", "cc", "c++", "gcc", "g++", "make", "gnumake", "ld", "ar"]
const MORE_STUBS = ["as", "nm", "strip", "ranlib", "libtool", "lldb", "swift", "swiftc", "m4", "bison", "flex", "lex"]

/** macOS: commands by absolute path with LC_ALL=C, each with a timeout. No command here asks for rights or shows a dialog. */
export function darwinPlatform(): Platform {
  const bootId = execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], OPTIONS).toString().trim()
  return {
    system: "darwin",
    bootId,
    sweepIsTotal: false,
    sampleMs: 15_000,
    facts: (root) => facts(root, bootId),
    free,
    lookAtNetwork: darwinNetworkLook(),
    networkMark: darwinNetworkMark,
    machineId: darwinMachineId,
    vitals: darwinVitals,
    memoryNow: memoryNowReader(askSysctl),
    sharing: (sysctl) => ({ memoryNow: memoryNowReader(() => sysctl().catch(askSysctl)) }),
    isAlive,
    isSurely: surelyBy(...PS),
    supervises: isAlive, // here it has one attempt only
    ownStart: () => String(Math.round(Date.now() / 1000 - process.uptime())),
    startBefore: (agoMs) => (Date.now() - agoMs) / 1000,
    processes,
    ofAccount: (rows) => [...rows], // the table has no others
    usageOf,
    unaccountedBytes,
    carriers,
    listeners,
    heldBy: (found, pids) => found.filter((one) => one.pids.some((pid) => pids.has(pid))),
    stubs,
    // No root is asked for (PowerManagement, pmset.m).
    darken: async () => void (await run("/usr/bin/pmset", "displaysleepnow")),
    wokeAt: async () => parseWakeTime(await run("/usr/sbin/sysctl", "-n", "kern.waketime")),
    lastEnd: (sinceMs) => lastEnd(sinceMs, () => run("/usr/bin/last", "-n", "50", "reboot", "shutdown")),
  }
}

async function run(path: string, ...parameters: string[]): Promise<string> {
  return (await execute(path, parameters, OPTIONS)).stdout
}

async function processes(): Promise<ProcessRow[]> {
  const table = parseProcesses(await run("/bin/ps", "-axwwo", COLUMNS), userInfo().uid)
  // A table in which this very process is missing is none: "nothing is there" would be believed.
  if (table.some(({ pid }) => pid === process.pid)) return table
  throw new WindfallError("internal", "Cannot read the process table: ps printed something else")
}

const PS = ["/bin/ps", ["-wwo", COLUMNS, "-p"], OPTIONS.env] as const
const isAlive = aliveBy(...PS)

/**
 * Memory by footprint, as macOS itself counts: `ps` misses Metal's, and without its entitlement tells no times either. One
 * `top` for all, as `footprint` is slow.
 */
async function usageOf(rows: readonly ProcessRow[]): Promise<Usage[]> {
  if (rows.length === 0) return []
  const usage = parseTop(await run(...TOP))
  return rows.map((row) => usage.get(row.pid) ?? { memoryBytes: row.residentBytes, cpuMs: null })
}

let ofMac: Promise<number | null> | undefined

/** All memory of this Mac, asked for once; `null` where it is not told. */
function memoryOfMac(): Promise<number | null> {
  ofMac ??= run("/usr/sbin/sysctl", "-n", "hw.memsize").then(
    (text) => {
      const bytes = readMachineMemory(text.trim())
      return bytes.known ? bytes.value : null
    },
    () => {
      ofMac = undefined
      return null
    },
  )
  return ofMac
}

const MEMORY_KEYS =
  "hw.pagesize vm.page_free_count vm.page_speculative_count vm.page_purgeable_count vm.swapusage kern.memorystatus_vm_pressure_level"

async function askSysctl(): Promise<ReadonlyMap<string, string>> {
  return sysctlTexts(await run("/usr/sbin/sysctl", "-i", ...MEMORY_KEYS.split(" ")))
}

/** One `sysctl`, as everything twice a second must cost little. */
function memoryNowReader(ask: () => Promise<ReadonlyMap<string, string>>): () => Promise<MemoryNow> {
  const danger = new DarwinDanger()
  return async () => {
    const keys = await ask()
    const pages = ["free", "speculative", "purgeable"].map((kind) => Number(keys.get(`vm.page_${kind}_count`) ?? 0))
    const freeBytes = pages.reduce((sum, count) => sum + count, 0) * Number(keys.get("hw.pagesize") ?? 16_384)
    return { freeBytes, danger: danger.look(keys) }
  }
}

async function unaccountedBytes(): Promise<number> {
  const [pages, footprints] = await Promise.all([run("/usr/bin/vm_stat"), run(...TOP)])
  const held = [...parseTop(footprints).values()]
  return parseUsedMemory(pages, await memoryOfMac()) - held.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
}

/** `ps -E` adds what environments can be read; `lsof` knows working folders. */
async function carriers(attempt: string, folder: string): Promise<ProcessRow[]> {
  const uid = userInfo().uid
  const [table, folders] = await Promise.all([
    run("/bin/ps", "-axwwEo", COLUMNS),
    run("/usr/sbin/lsof", "-a", "-w", "-d", "cwd", "-u", String(uid), "-Fpn").catch(() => ""),
  ])
  const inside = new Set<number>()
  let pid = 0
  for (const line of folders.split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1))
    else if (line === `n${folder}` || line.startsWith(`n${folder}/`)) inside.add(pid)
  }
  const marked = new Set<number>()
  for (const line of table.split("\n")) {
    const own = Number(/^\s*(\d+)/.exec(line)?.[1])
    if (line.includes(attempt) || line.includes(`${folder}/`)) marked.add(own)
  }
  return parseProcesses(table, uid).filter((row) => marked.has(row.pid) || inside.has(row.pid))
}

/** `lsof` knows the sockets of this account with their processes, `netstat` those of all accounts without. */
async function listeners(port: number): Promise<PortListener[]> {
  const [all, own] = await Promise.all([
    run("/usr/sbin/netstat", "-anp", "tcp"),
    // It exits with 1 where it finds nothing, which is not known from an error: then the port counts as somebody else's.
    run("/usr/sbin/lsof", "-nP", "-w", "-a", `-iTCP:${port}`, "-sTCP:LISTEN", "-FpPtn").catch(() => ""),
  ])
  return joinListeners(parseNetstatListeners(all, port), parseLsofListeners(own))
}

/** `xcode-select -p` only prints; it fails with 2 where no developer tools are chosen. */
async function stubs(): Promise<readonly string[]> {
  try {
    await run("/usr/bin/xcode-select", "-p")
    return []
  } catch {
    return [...STUBS, ...MORE_STUBS]
  }
}

async function facts(root: string, bootId: string): Promise<HostFacts> {
  const [machine, traits] = await Promise.all([machineFacts(), accountTraits()])
  return {
    platform: "darwin",
    ...machine,
    hostname: hostname(),
    user: userInfo().username,
    accountTraits: traits,
    home: homedir(),
    bootId,
    timeZone: timeZone(),
    diskFreeBytes: diskFreeBytes(root),
  }
}

/** The group admin is what makes an administrator; who is logged in at the screen owns the console, and root when nobody is. */
async function accountTraits(): Promise<AccountTrait[]> {
  const { uid } = userInfo()
  const groups = (await run("/usr/bin/id", "-Gn")).trim().split(" ")
  const isAtScreen = uid !== 0 && statSync("/dev/console").uid === uid
  return [
    ...(groups.includes("admin") ? ["administrator" as const] : []),
    ...(isAtScreen ? ["console_user" as const] : []),
    ...(uid === 0 ? ["root" as const] : []),
  ]
}

function timeZone(): string | null {
  try {
    return /zoneinfo(?:\.default)?\/(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1] ?? null
  } catch {
    return null
  }
}

function diskFreeBytes(root: string): number {
  const disk = statfsSync(root)
  return disk.bavail * disk.bsize
}

async function free(root: string): Promise<FreeNow> {
  const memoryFreeBytes = parseFreeMemory(await run("/usr/bin/vm_stat"), await memoryOfMac())
  return { memoryFreeBytes, diskFreeBytes: diskFreeBytes(root), load: loadavg()[0] ?? 0 }
}
