/** The oldest macOS that the pinned Node starts on. */
export const OLDEST_MACOS = "13.5"

/** Compares dotted versions by their numbers. */
export function isAtLeast(version: string, least: string): boolean {
  if (!/^\d+(\.\d+)*$/.test(version)) return false
  const [have, need] = [version, least].map((text) => text.split(".").map(Number)) as [number[], number[]]
  for (let i = 0; i < need.length; i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** A version as macOS has them: 10.14.6, 13.3.1, 26.6.2. */
export const MACOS_VERSION = /^(10\.(?:[0-9]|1[0-6])|1[1-5]|2[6-9]|3\d)(\.(?:0|[1-9]\d?)){0,2}$/
/** A build: major version of Darwin, a letter for the minor one, a number, perhaps a letter: 25G83, 22E772610a. */
export const MACOS_BUILD = /^(\d\d)[A-Z][1-9]\d{0,6}[a-z]?$/

/**
 * The macOS that a major version of Darwin belongs to: "10.14", "11", "26". Darwin 20 was macOS 11; Apple left out the numbers
 * 16 to 25 of macOS, so Darwin 25 is macOS 26.
 */
export function macosOfDarwin(major: number): string | null {
  if (major >= 14 && major <= 19) return `10.${major - 4}`
  if (major >= 20 && major <= 24) return String(major - 9)
  if (major >= 25 && major <= 39) return String(major + 1)
  return null
}

/** Whether a version of macOS and the number its build or kernel begins with belong together. */
export function isOfDarwin(version: string, darwinMajor: number): boolean {
  const macos = macosOfDarwin(darwinMajor)
  return macos !== null && (version === macos || version.startsWith(`${macos}.`))
}
