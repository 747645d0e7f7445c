import type { Reading } from "./reading.ts"

/** What decides over jobs on a Mac besides the people at it. */
export interface Conditions {
  /** What it runs on (pmset(1) `-g batt`). A UPS at work means that the mains are out. */
  readonly power: Reading<"mains" | "battery" | "ups">
  /** Charge of the battery or UPS. */
  readonly chargePercent: Reading<number>
  readonly lowPowerMode: Reading<boolean>
  /** Load average over one minute without that of jobs, suspended ones included. */
  readonly foreignLoad: Reading<number>
  /** Memory that can be had without swapping. */
  readonly availableBytes: Reading<number>
  /** kern.memorystatus_vm_pressure_level: 1, 2 or 4. */
  readonly pressure: Reading<"normal" | "warning" | "critical">
  /** vm.swapusage. */
  readonly swapUsedBytes: Reading<number>
  /** All the memory that it has. */
  readonly memoryBytes: number
}
