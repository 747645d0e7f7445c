import type { AccountTrait } from "./account-traits.ts"
import type { HostBooking } from "./booking.ts"
import type { HostDisk } from "./host-disk.ts"
import type { HostId } from "./ids.ts"
import type { MacFacts } from "./mac-facts.ts"
import type { HostNetwork, HostWakeView, MeasureView } from "./network.ts"
import type { HostObstacle, HostPresence, Lever } from "./owner.ts"
import type { Resources } from "./resources.ts"
import type { HostVitals } from "./vitals.ts"

/**
 * What is known of the way to a host.
 * connecting: the first contact of this server's run; ready: an agent answers; asleep: it was told or seen to sleep;
 * down: unreachable; refused: reached, and not acceptable (see `reason`).
 */
export type HostLink = "connecting" | "ready" | "asleep" | "down" | "refused"

/** What was found on a host when it joined, and again at each connect. */
export interface HostFacts {
  readonly platform: "darwin" | "linux"
  readonly arch: "arm64" | "x64"
  /** "macOS 26.1" or "Debian GNU/Linux 12". */
  readonly system: string
  /** "Mac15,14", or `null` off the Mac. */
  readonly model: string | null
  /** "Apple M3 Ultra", or the CPU's name. */
  readonly chip: string
  readonly cores: number
  readonly memoryBytes: number
  readonly gpus: number
  /** How much of the memory Metal lets the GPU work with; absent where there is no such bound, and from older agents. */
  readonly gpuMemoryBytes?: number
  /** What new work could have when this was found; absent off the Mac, and from older agents. */
  readonly memoryAvailableBytes?: number
  /**
   * Who holds a job to the memory it asked for: the kernel, page by page, and Windfall, by looking twice a second; or Windfall alone. Absent
   * on a Mac, where it is always Windfall alone, and from older agents.
   */
  readonly memoryHeldBy?: "kernel" | "windfall"
  readonly hostname: string
  /** The account jobs run as. */
  readonly user: string
  /** What that account is besides one for jobs. Absent in what was found by an older agent. */
  readonly accountTraits?: readonly AccountTrait[]
  readonly home: string
  /** Names the boot: changes with every restart. */
  readonly bootId: string
  /** The host's time zone, for TZ. */
  readonly timeZone: string | null
  /** Free bytes where the Windfall folder lies. */
  readonly diskFreeBytes: number
  /** What the Mac is in full. Absent off the Mac, and in what was found by an older agent. */
  readonly mac?: MacFacts
}

/** A process of an ended attempt that is still on a host. */
export interface StrayView {
  readonly pid: number
  /** The program's name, for the job's owner and administrators; `null` for others. */
  readonly command: string | null
  /** The job it is of; `null` when the server does not know. */
  readonly job: number | null
  /** False when it is only suspected: nothing proves that it is the job's. */
  readonly certain: boolean
  readonly memoryBytes: number
  /** When the server first heard of it. */
  readonly since: number
}

export interface HostLeavingView {
  /** ending: its jobs end first; cleaning: all of Windfall is removed there; left: its owner has done that. */
  readonly phase: "ending" | "cleaning" | "left"
  readonly by: string
  readonly since: number
}

/** One rule as it holds on a host. */
export interface HostRule {
  /** As in `on_return`. */
  readonly name: string
  /** As people write it. */
  readonly value: string
  /** Where it comes from; host: it was said of this one alone. */
  readonly from: "preset" | "fleet" | "host"
  /** Who said it of this host: a user of Windfall, or an account of the Mac; `null` for what comes from preset and fleet. */
  readonly by: string | null
}

export interface HostView {
  readonly id: HostId
  readonly name: string
  /** What is given to ssh: `user@mac` or an alias of the server's ssh configuration. */
  readonly address: string
  readonly port: number | null
  readonly owner: string | null
  readonly fleet: string
  readonly labels: Readonly<Record<string, string>>
  readonly link: HostLink
  /** Why the link is what it is, in words; `null` when ready. */
  readonly reason: string | null
  readonly since: number
  readonly draining: boolean
  /** How it is leaving the pool; `null` when it stays. */
  readonly leaving: HostLeavingView | null
  /** Why it gets no new jobs because of what ended ones left there, in words; `null` when it does. */
  readonly withheld: string | null
  readonly strays: readonly StrayView[]
  readonly hostKey: string
  readonly facts: HostFacts | null
  /** What Windfall holds on its disk; `null` as long as it has not said so. */
  readonly disk: HostDisk | null
  /** What Windfall may hold there at most, as an administrator said; `null`: as the host itself reckons. */
  readonly diskLimitBytes: number | null
  /** The owner's account on the host; `null` where none is known. */
  readonly consoleAccount: string | null
  /** Who is there; `null` as long as it has not said so. By what they were noticed is told to the owner and administrators only. */
  readonly presence: HostPresence | null
  /** What its owner and others have said of it. */
  readonly lever: Lever
  /** What keeps jobs from starting there for the sake of people; the first one counts most. */
  readonly obstacles: readonly HostObstacle[]
  /** The rules that hold there, and the preset they begin with. */
  readonly preset: string
  readonly policy: readonly HostRule[]
  /** How it is now, or was when last heard of; `null` as long as it has not said so. */
  readonly vitals: HostVitals | null
  /** How it is on the network, as it said last; `null` as long as it has not. */
  readonly network: HostNetwork | null
  /** Networks that an administrator trusts for members of hives and that it has an address in. Absent from earlier releases. */
  readonly hiveNets?: readonly string[]
  readonly wake: HostWakeView
  /** What `host bench` found, latest first. */
  readonly measures: readonly MeasureView[]
  /** What jobs may use in all. */
  readonly total: Resources
  /** What suspended ones do not use is free. */
  readonly free: Resources
  /**
   * Memory that one more job could get just now: not leased, not in use by others, and not kept for the owner. `null` where no more is
   * known than `free`.
   */
  readonly freeNowBytes: number | null
  /** Jobs there now. */
  readonly jobs: readonly number[]
  /** Whether jobs of whoever asks may run there, as its rules say (`who`). */
  readonly takesYours: boolean
  /** In which bookings it is kept now and within the next twelve hours, the next first. Absent from servers of an earlier release. */
  readonly bookings?: readonly HostBooking[]
}

/** What POST /v1/hosts/HOST/forgive answers. */
export interface HostForgivenView extends HostView {
  /** Of how many kinds of jobs crashes were forgotten; 0: there were none. */
  readonly forgiven: number
}
