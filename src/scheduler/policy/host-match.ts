/** Which hosts are meant: those that agree in all that is said. With nothing said, every host. */
export interface HostMatch {
  readonly name: string | null
  /** As macOS names it, with or without "Apple", in any case: `M3 Ultra`. */
  readonly chip: string | null
  readonly labels: Readonly<Record<string, string>>
}

export const EVERY_HOST: HostMatch = { name: null, chip: null, labels: {} }

/** What of a host decides whether it is meant. */
export interface MatchedHost {
  readonly name: string
  /** `null`: not known, so that no rule about chips is about it. */
  readonly chip: string | null
  readonly labels: Readonly<Record<string, string>>
}

export function matchesHost(match: HostMatch, host: MatchedHost): boolean {
  return (
    (match.name === null || match.name === host.name) &&
    (match.chip === null || (host.chip !== null && plainChip(match.chip) === plainChip(host.chip))) &&
    Object.entries(match.labels).every(([label, value]) => host.labels[label] === value)
  )
}

function plainChip(chip: string): string {
  return chip
    .toLowerCase()
    .replace(/^apple\s+/, "")
    .replace(/\s+/g, " ")
    .trim()
}
