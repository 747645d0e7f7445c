/** What files may be: short, and named for the one thing they hold. */
import { basename } from "node:path"
import { readFiles, type SourceFile } from "./source-files.ts"

const MAX_LINES = 300
/** Names under which anything gathers. */
const VAGUE = /(^|[-.])(utils?|helpers?|common|misc|managers?|stuff)([-.]|$)|^types\./
const UNFINISHED = /\b(TODO|FIXME|XXX)\b/

export function findFileFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = []
  for (const { path, text } of files) {
    const lines = text.split("\n").length - 1
    if (lines > MAX_LINES) faults.push(`${path}: ${lines} lines, at most ${MAX_LINES}: give one of its concepts a file`)
    const vague = path.split("/").find((part) => VAGUE.test(part))
    if (vague !== undefined) faults.push(`${path}: "${vague}" does not say what is in it`)
    const unfinished = UNFINISHED.exec(text)
    if (unfinished !== null && basename(path) !== "check-files.ts") {
      faults.push(`${path}: ${unfinished[0]}: finish it, or write an issue`)
    }
  }
  return faults
}

export function checkFiles(): string[] {
  return findFileFaults(readFiles("{src,test,bench,scripts,examples}/**/*.{ts,mjs,js,pl,sh,tsx}"))
}
