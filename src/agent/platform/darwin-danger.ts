import { formatBytes } from "../../base/bytes.ts"

const MIB = 1024 ** 2
const SWAP_STEP_BYTES = 1024 * MIB

/**
 * Tells from `sysctl` when a Mac is running out of memory: `kern.memorystatus_vm_pressure_level` is 1 in peace, 2 under
 * pressure and 4 when the system begins to end processes (xnu, kern_memorystatus_notify.c). Under pressure it is the swap
 * that tells how bad it is: a little of it lies there for days and harms nobody, but when it grows, somebody wants more than
 * there is.
 */
export class DarwinDanger {
  /** Swap in use when there was no pressure, last. */
  #peaceBytes: number | null = null

  /** @param keys `kern.memorystatus_vm_pressure_level`, `vm.swapusage`; `null` also where they are not known */
  look(keys: ReadonlyMap<string, string>): string | null {
    const level = Number(keys.get("kern.memorystatus_vm_pressure_level") ?? 1)
    const swapBytes = usedSwap(keys.get("vm.swapusage") ?? "")
    if (level < 2 || this.#peaceBytes === null) this.#peaceBytes = swapBytes
    if (level >= 4) return "macOS reports critical memory pressure"
    const grownBytes = swapBytes === null ? 0 : swapBytes - (this.#peaceBytes ?? swapBytes)
    return level >= 2 && grownBytes >= SWAP_STEP_BYTES
      ? `under memory pressure it has swapped out ${formatBytes(grownBytes)}`
      : null
  }
}

/** `total = 3072.00M  used = 1921.25M  free = 1150.75M  (encrypted)`, in some locales with decimal commas. */
function usedSwap(text: string): number | null {
  const used = /used = (\d+(?:[.,]\d+)?)M/.exec(text)?.[1]
  return used === undefined ? null : Number(used.replace(",", ".")) * MIB
}
