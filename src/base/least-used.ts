/** What takes room and goes as a whole, or stays. */
export interface TakesRoom {
  readonly bytes: number
  /** When it was last used, by wall clock; 0 for what can go before everything else. */
  readonly usedMs: number
  /** It must not go now. */
  readonly inUse: boolean
}

/** What goes so that so many bytes come free, as far as there is enough: what was used least recently first, of whatever kind. */
export function leastUsed<T extends TakesRoom>(holdings: readonly T[], excessBytes: number): T[] {
  const going: T[] = []
  let left = excessBytes
  for (const one of holdings.filter(({ inUse, bytes }) => !inUse && bytes > 0).sort((a, b) => a.usedMs - b.usedMs)) {
    if (left <= 0) break
    going.push(one)
    left -= one.bytes
  }
  return going
}
