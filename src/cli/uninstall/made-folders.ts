import { fs, path } from "../builtin.ts"

/** What is made in one go, a folder and what it was made for, is born within this time. */
const SAME_MOMENT_MS = 2_000

/**
 * The folders of everybody's above these paths (`~/.local/share`, `~/.config`, `~/.ssh`) that were made together with something
 * of Windfall's. An account may have had them empty before, and then they are left: when they were born is all that tells.
 * @param home nothing outside it is looked at
 * @returns the deepest first
 */
export function madeFolders(home: string, paths: readonly string[]): string[] {
  const above = new Set<string>()
  const births: number[] = []
  for (const one of paths) {
    const folders = foldersBetween(home, one)
    const own = folders.filter(isOwn)
    births.push(...[one, ...own].map(birthOf).filter((birth) => birth !== undefined))
    for (const folder of folders) if (!own.includes(folder)) above.add(folder)
  }
  const isMade = (folder: string) => {
    const birth = birthOf(folder)
    return birth !== undefined && births.some((other) => Math.abs(other - birth) < SAME_MOMENT_MS)
  }
  return [...above].filter(isMade).sort((a, b) => b.length - a.length)
}

/** Removes those of them that are empty. */
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      fs.rmdirSync(folder)
    } catch {
      // Somebody else has something there.
    }
  }
}

/** All above a path and below home, the topmost last. */
function foldersBetween(home: string, at: string): string[] {
  const folders: string[] = []
  for (let one = path.dirname(at); one.startsWith(`${home}/`); one = path.dirname(one)) folders.push(one)
  return folders
}

function isOwn(folder: string): boolean {
  return folder.split("/").includes("windfall")
}

/** Some file systems keep no such time, and say 0 or nothing sensible. */
function birthOf(at: string): number | undefined {
  const birth = fs.lstatSync(at, { throwIfNoEntry: false })?.birthtimeMs
  return birth === undefined || birth <= 0 ? undefined : birth
}
