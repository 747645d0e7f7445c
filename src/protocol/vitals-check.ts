import { countOrNull, fail, number, object, type Raw } from "./raw-check.ts"
import { HEATS, MEMORY_PRESSURES, POWER_SOURCES, type Vitals } from "./vitals.ts"
import type { VitalsNews } from "./vitals-wire.ts"

const PERCENTS = ["gpuBusyPercent", "chargePercent"] as const
const BYTES = ["gpuMemoryBytes", "memoryAvailableBytes", "swapUsedBytes"] as const
const WORDS = [
  ["heat", HEATS],
  ["power", POWER_SOURCES],
  ["memoryPressure", MEMORY_PRESSURES],
  ["charging", [true, false]],
] as const satisfies readonly (readonly [keyof Vitals, readonly unknown[]])[]

/** Checks of what an agent tells of how its host is: a part of agent-check.ts. */
export const VITALS_CHECKS: Readonly<Record<VitalsNews["type"], (raw: Raw, type: string) => void>> = {
  vitals: (raw, type) => {
    const vitals: Raw & Partial<Record<keyof Vitals, unknown>> = object(raw.vitals, type, "vitals")
    for (const field of PERCENTS) countOrNull(vitals, field, type, 100)
    for (const field of BYTES) countOrNull(vitals, field, type)
    for (const [field, words] of WORDS) {
      if (vitals[field] !== null && !(words as readonly unknown[]).includes(vitals[field])) fail(type, field)
    }
    if (vitals.load === null) return
    number(vitals, "load", type)
    if ((vitals.load as number) < 0) fail(type, "load")
  },
}
