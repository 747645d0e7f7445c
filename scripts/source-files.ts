import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The clone this script belongs to. */
export const ROOT = join(import.meta.dirname, "..")

/** A file of the project: its path from the clone's top, with `/`, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Paths from the clone's top that match one of the globs, sorted. */
export function findFiles(...globs: string[]): string[] {
  return globSync(globs, { cwd: ROOT }).toSorted()
}

export function readFiles(...globs: string[]): SourceFile[] {
  return findFiles(...globs).map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }))
}
