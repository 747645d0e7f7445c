/** How a host is at this moment. Each value is known or `null`: on Linux nobody looks at GPU, heat and power. */
export interface Vitals {
  /** Share of time the GPU worked lately, 0 to 100. */
  readonly gpuBusyPercent: number | null
  /** What is allocated for the GPU: shows loaded models, also of programs that are not jobs. */
  readonly gpuMemoryBytes: number | null
  readonly heat: Heat | null
  readonly power: PowerSource | null
  /** Of the battery, 0 to 100; `null` also where there is none. */
  readonly chargePercent: number | null
  readonly charging: boolean | null
  /** What new work could have without anything else giving way. */
  readonly memoryAvailableBytes: number | null
  readonly memoryPressure: MemoryPressure | null
  readonly swapUsedBytes: number | null
  /** Over the last minute: how many processes ran or wanted to. */
  readonly load: number | null
}

/** Thermal pressure as macOS has it; from `heavy` on the chip is slowed down. */
export const HEATS = ["nominal", "moderate", "heavy", "trapping", "sleeping"] as const
export type Heat = (typeof HEATS)[number]

export const POWER_SOURCES = ["ac", "battery", "ups"] as const
export type PowerSource = (typeof POWER_SOURCES)[number]

export const MEMORY_PRESSURES = ["normal", "warning", "critical"] as const
export type MemoryPressure = (typeof MEMORY_PRESSURES)[number]

export interface HostVitals extends Vitals {
  /** When the server heard of them, by its own clock. */
  readonly at: number
}

export const NO_VITALS: Vitals = {
  gpuBusyPercent: null,
  gpuMemoryBytes: null,
  heat: null,
  power: null,
  chargePercent: null,
  charging: null,
  memoryAvailableBytes: null,
  memoryPressure: null,
  swapUsedBytes: null,
  load: null,
}
