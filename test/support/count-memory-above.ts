import { availableIn, parseVmStat, usedIn } from "../../src/facts/vm-stat.ts"
import { mutate, randomOf } from "./mutate-text.ts"

/** Damages what vm_stat printed `count` times, and a digit besides each second time, and lists what came to more than the Mac has. */
export function countAbove(
  text: string,
  memoryBytes: number,
  { count, seed }: { count: number; seed: number },
): string[] {
  const random = randomOf(seed)
  const above: string[] = []
  for (let i = 0; i < count; i++) {
    const damaged = mutate(text, random)
    const at = Math.floor(random() * damaged.text.length)
    const digits = String(Math.floor(random() * 1e6))
    const more = i % 2 === 0 ? damaged.text : damaged.text.slice(0, at) + digits + damaged.text.slice(at)
    const stat = parseVmStat(more, memoryBytes)
    for (const reading of [availableIn(stat), usedIn(stat, "after")]) {
      if (reading.known && !(reading.value >= 0 && reading.value <= memoryBytes)) {
        above.push(`seed ${seed}, ${i}: ${damaged.what}, ${digits} at ${at}: ${reading.value}`)
      }
    }
  }
  return above
}
