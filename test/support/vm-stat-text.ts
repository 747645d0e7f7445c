/** Pages by kind: what is not named is 0, but for the queues, which are as many as are anonymous or of files. */
export interface Pages {
  readonly free?: number
  readonly active?: number
  readonly inactive?: number
  readonly speculative?: number
  readonly wired?: number
  readonly purgeable?: number
  readonly files?: number
  readonly stored?: number
  readonly occupied?: number
}

/** What vm_stat(1) prints, in pages of 16 KiB. */
export function vmStatText(pages: Pages): string {
  const { free = 0, active = 0, inactive = 0, speculative = 0, wired = 0, purgeable = 0, files = 0 } = pages
  const { stored = 0, occupied = 0 } = pages
  const rows: readonly (readonly [label: string, count: number])[] = [
    ["Pages free", free],
    ["Pages active", active],
    ["Pages inactive", inactive],
    ["Pages speculative", speculative],
    ["Pages throttled", 0],
    ["Pages wired down", wired],
    ["Pages purgeable", purgeable],
    ['"Translation faults"', 218_850_525],
    ["Pages copy-on-write", 11_360_665],
    ["Pages zero filled", 145_853_813],
    ["Pages reactivated", 7_483_439],
    ["Pages purged", 1_540_816],
    ["File-backed pages", files],
    ["Anonymous pages", active + inactive + speculative - files],
    ["Pages stored in compressor", stored],
    ["Pages occupied by compressor", occupied],
    ["Decompressions", 4_668_445],
    ["Compressions", 6_377_731],
    ["Pageins", 5_708_256],
    ["Pageouts", 51_709],
    ["Swapins", 0],
    ["Swapouts", 0],
  ]
  const lines = rows.map(([label, count]) => `${`${label}:`.padEnd(30)} ${`${count}`.padStart(17)}.\n`)
  return `Mach Virtual Memory Statistics: (page size of 16384 bytes)\n${lines.join("")}`
}
