import type { HostFacts } from "../../protocol/host.ts"
import type { Vitals } from "../../protocol/vitals.ts"
import type { MemoryCgroups } from "./memory-cgroups.ts"
import type { LookAtNetwork } from "./network-look.ts"

/** One line of the process table. */
export interface ProcessRow {
  readonly pid: number
  readonly ppid: number
  readonly pgid: number
  /** The session, where the system tells it; else 0. */
  readonly session: number
  /** With the pid, names one process for ever: compare with {@link Platform.isAlive}. */
  readonly start: string
  /** Memory as the table has it: too small on a Mac, where Metal's is not in it. */
  readonly residentBytes: number
  /** CPU time it and its children that have ended had, as the table has it: always 0 on a Mac. */
  readonly cpuMs: number
  /** For a person to recognise it; without arguments, which may hold secrets. */
  readonly name: string
  /** Part of the system, which runs it for any account that is used at all: it says nothing of who uses this one. */
  readonly ofSystem: boolean
  /** Stopped by a signal, and not continued. */
  readonly isStopped: boolean
}

/** Memory at a glance: what costs next to nothing to ask. */
export interface MemoryNow {
  /** Comparable only with itself: by how much it fell is what new use there can be. */
  readonly freeBytes: number
  /** Why the host is in danger of having none left, in words; `null` when it is not. */
  readonly danger: string | null
}

export interface FreeNow {
  readonly memoryFreeBytes: number
  readonly diskFreeBytes: number
  readonly load: number
}

/** What a process uses. */
export interface Usage {
  /** What it holds; shared pages shared out where the system can tell. */
  readonly memoryBytes: number
  /** CPU time it has had so far; `null` where that cannot be told. */
  readonly cpuMs: number | null
}

/** A socket of this host that listens on a TCP port. */
export interface PortListener {
  /** As it was bound: "127.0.0.1", "::1", another address, or "0.0.0.0" and "::" for all of a kind. */
  readonly address: string
  /** Names one socket as long as it is there; `null` where the system does not tell. */
  readonly id: string | null
  /** Who holds it, where the system tells that at once: on a Mac of this account's processes only. */
  readonly pids: readonly number[]
}

/** How the system that ran before this boot ended. */
export interface LastEnd {
  readonly crashed: boolean
  /** In words, where something is known. */
  readonly what: string | null
}

/** What differs between the systems a host may have. Nothing here may throw for a process that has just gone. */
export interface Platform {
  readonly system: "darwin" | "linux"
  readonly bootId: string
  /** True when the supervisor ends the whole tree by itself and nothing can have escaped it. */
  readonly sweepIsTotal: boolean
  /** How often to look at what runs: as often as it costs next to nothing. */
  readonly sampleMs: number
  /** Facts for `hello`; commands it runs have timeouts. */
  facts(root: string): Promise<HostFacts>
  free(root: string): Promise<FreeNow>
  readonly lookAtNetwork: LookAtNetwork
  /** A text that differs when cables, Wi-Fi or addresses have changed: some milliseconds. */
  networkMark(): Promise<string>
  /** What the system names this machine by, for ever; to be hashed at once and kept nowhere. `null`: not known. */
  machineId(): Promise<string | null>
  memoryNow(): Promise<MemoryNow>
  /** How the host is: what cannot be read is `null`. Costs some milliseconds, so it is asked for rarely. */
  vitals(): Promise<Vitals>
  /** What is asked otherwise where one `sysctl` can be shared with others who ask. */
  sharing(sysctl: () => Promise<ReadonlyMap<string, string>>): Pick<Platform, "memoryNow"> | Record<never, never>
  /** Whether the process with this pid is the one that started then; also where that cannot be told, and somebody has the pid. */
  isAlive(pid: number, start: string): boolean
  /** The same where it must not be a stranger: false also where it cannot be told, and where it is over and not reaped. */
  isSurely(pid: number, start: string): boolean
  /** Whether it is, and has this attempt now: on Linux a supervisor has one after the other, and is named after what it has. */
  supervises(pid: number, start: string, attempt: string): boolean
  /** How this process's own start is named. */
  ownStart(): string
  /** What `start` a process has, as a number, that started so long ago. */
  startBefore(agoMs: number): number
  processes(): Promise<ProcessRow[]>
  /** Those of these that are of this account. */
  ofAccount(rows: readonly ProcessRow[]): ProcessRow[]
  /** What each of these processes uses, in their order. */
  usageOf(rows: readonly ProcessRow[]): Promise<Usage[]>
  /**
   * Memory in use that no process holds as its own and that is no cache of files: the kernel's, drivers', files in memory.
   * Means little by itself (it may even be negative); its growth is what counts.
   */
  unaccountedBytes(): Promise<number>
  /**
   * Processes of this account that carry an attempt's token: its id in the environment or in the arguments, or its
   * folder as working folder or in the arguments, as far as the system lets one look.
   */
  carriers(attempt: string, folder: string): Promise<ProcessRow[]>
  /** All that listen on this port, whoever they are. @throws when it cannot be found out: then nobody may be let through */
  listeners(port: number): Promise<PortListener[]>
  /** Those of these that one of these processes holds. */
  heldBy(listeners: readonly PortListener[], pids: ReadonlySet<number>): PortListener[]
  /** How the boot before this one ended, which was later than `sinceMs` (1970); absent where that cannot be told. */
  lastEnd?(sinceMs: number): Promise<LastEnd>
  /** When it woke last, in milliseconds since 1970; absent where the clocks themselves tell that it slept. */
  wokeAt?(): Promise<number | null>
  /** Puts the display to sleep; absent where there is no such thing. @throws when the system refuses */
  darken?(): Promise<void>
  /** Where the kernel can hold attempts to a limit of memory: Linux, and only where this account may ask for it. */
  readonly cgroups?: MemoryCgroups | null
  /** Names under /usr/bin that only open a dialog here, because the developer tools are missing. */
  stubs(): Promise<readonly string[]>
}
