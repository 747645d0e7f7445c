import { ALWAYS, bothHours, type Hours, type TimeWindow } from "./hours.ts"
import { LOOKS_FOR_AWAY } from "./presence.ts"

const GIB = 1024 ** 3
const MINUTE_MS = 60_000

/**
 * What jobs do when somebody comes to the Mac. suspend: the whole tree is stopped, and goes on later; vacate: it is ended with
 * its grace and runs elsewhere; yield: it goes on behind everything else; ignore: nothing.
 */
export const RETURN_REACTIONS = ["suspend", "vacate", "yield", "ignore"] as const
export type ReturnReaction = (typeof RETURN_REACTIONS)[number]

/** What owners are told of `yield`: nothing on macOS gives the GPU a priority. */
export const YIELD_CAVEAT = "CPU work steps back behind yours; the GPU knows no priority and stays shared"

/** What an owner may say of a Mac, each rule by itself. A fleet says the same for all of its Macs. */
export interface OwnerPolicy {
  /** Jobs start when nobody has shown for longer than this; 0: somebody being there is no reason against it. */
  readonly startAfterIdleMs: number
  readonly onReturn: ReturnReaction
  /** Suspended jobs go on when nobody has shown for longer than this. */
  readonly resumeAfterIdleMs: number
  /** Jobs suspended for longer than this are vacated. */
  readonly vacateAfterMs: number
  readonly hours: Hours
  /** Never then, whatever `hours` says. */
  readonly never: readonly TimeWindow[]
  /** Of the hours; `null`: the Mac's own. */
  readonly timeZone: string | null
  /** Whether jobs run on battery, or on a UPS; a number: as long as it is charged above so many percent. */
  readonly onBattery: "no" | "yes" | number
  readonly lowPowerMode: "no" | "yes"
  /** Whether the display may be put to sleep when a GPU job starts and nobody is there. */
  readonly display: "leave" | "sleep"
  /** Users whose jobs may run there; the owner's may always. */
  readonly who: "everyone" | readonly string[]
  /** Memory that is to stay available to the owner; `null`: as much as {@link keptMemoryBytes} says. */
  readonly keepMemoryBytes: number | null
}

export type PolicyKey = keyof OwnerPolicy

/** What a preset says besides, which nobody sets one by one. */
export interface Manners {
  /** Quiet looks in a row that make somebody away. */
  readonly looksForAway: number
  /** Load that is not of jobs counts, too; `null`: it does not. */
  readonly load: LoadRule | null
  /** A suspended job goes on only after it was suspended for longer than this. */
  readonly minSuspendedMs: number
  /** How long a vacated job may take; `null`: what it asked for itself. */
  readonly vacateGraceMs: number | null
  /** Whether suspended jobs are vacated at once when the owner is short of memory. */
  readonly vacatesForMemory: boolean
}

/** Load averages over one minute, without that of jobs. */
export interface LoadRule {
  /** At most this is idle. */
  readonly idleLoad: number
  /** At least this is busy. */
  readonly busyLoad: number
  /** Busy for longer than this suspends a job ... */
  readonly busyForMs: number
  /** ... that has run for longer than this. */
  readonly minAgeMs: number
}

export interface PolicyPreset {
  readonly values: OwnerPolicy
  readonly manners: Manners
}

const KIND: OwnerPolicy = {
  startAfterIdleMs: 15 * MINUTE_MS,
  onReturn: "suspend",
  // Well under vacateAfterMs, or a job would hardly ever live to go on.
  resumeAfterIdleMs: 3 * MINUTE_MS,
  vacateAfterMs: 5 * MINUTE_MS,
  hours: ALWAYS,
  never: [],
  timeZone: null,
  onBattery: "no",
  lowPowerMode: "no",
  display: "leave",
  who: "everyone",
  keepMemoryBytes: null,
}

const PRESETS = {
  default: {
    values: KIND,
    manners: {
      looksForAway: LOOKS_FOR_AWAY,
      load: null,
      minSuspendedMs: 0,
      vacateGraceMs: null,
      vacatesForMemory: true,
    },
  },
  /**
   * The numbers of HTCondor's desktop policy: StartIdleTime, ContinueIdleTime, MaxSuspendTime, MaxVacateTime, BackgroundLoad,
   * HighLoad, CpuBusyTimer and ActivationTimer in its manual's chapter on the configuration of execution points.
   */
  condor: {
    values: {
      ...KIND,
      resumeAfterIdleMs: 5 * MINUTE_MS,
      vacateAfterMs: 10 * MINUTE_MS,
      onBattery: "yes",
      lowPowerMode: "yes",
    },
    manners: {
      looksForAway: 1,
      load: { idleLoad: 0.3, busyLoad: 0.5, busyForMs: 120_000, minAgeMs: 90_000 },
      minSuspendedMs: 10_000,
      vacateGraceMs: 10 * MINUTE_MS,
      vacatesForMemory: false,
    },
  },
  /** For Macs that nobody sits at: who is there does not matter. */
  nobodys: {
    values: { ...KIND, startAfterIdleMs: 0, onReturn: "ignore" },
    manners: {
      looksForAway: LOOKS_FOR_AWAY,
      load: null,
      minSuspendedMs: 0,
      vacateGraceMs: null,
      vacatesForMemory: false,
    },
  },
} as const satisfies Record<string, PolicyPreset>

export type PresetName = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

export function presetOf(name: PresetName): PolicyPreset {
  return PRESETS[name]
}

/** `hours` and `never` in one. */
export function openHours({ hours, never }: OwnerPolicy): Hours {
  return bothHours(hours, never)
}

/** Whether anything depends on who is at the Mac. */
export function mindsPresence({ startAfterIdleMs, onReturn }: OwnerPolicy): boolean {
  return startAfterIdleMs > 0 || onReturn === "suspend" || onReturn === "vacate"
}

/** Whether a user's jobs may run there. */
export function mayRunThere({ who }: OwnerPolicy, user: string, owner: string | null): boolean {
  return who === "everyone" || user === owner || who.includes(user)
}

/** What stays the owner's of the Mac's memory: as said, or else an eighth, at least 4 GB where there are 16, at most 16 GB. */
export function keptMemoryBytes({ keepMemoryBytes }: OwnerPolicy, memoryBytes: number): number {
  if (keepMemoryBytes !== null) return Math.min(keepMemoryBytes, memoryBytes)
  return Math.min(16 * GIB, Math.max(Math.min(4 * GIB, memoryBytes / 4), memoryBytes / 8))
}
