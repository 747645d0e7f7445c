import * as fs from "node:fs"
import * as path from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { errorCode } from "./disk-error.ts"
import { type WalkFilter, walkFolder } from "./folder-walk.ts"
import { IgnoreRules, type RuleHit } from "./ignore-rules.ts"
import { type LeftOut, ScannedTree } from "./scanned-tree.ts"
import type { StatCache } from "./stat-cache.ts"

/** Decides what of a folder travels. */
export type ScanRules = WalkFilter<{ readonly fingerprint: string }, RuleHit>

export interface ScanOptions {
  /** Made for the same folder. @default the folder's ignore files with `include` */
  readonly rules?: ScanRules
  /** Makes the second scan cheap: files whose numbers did not change are not read. The scan updates it; save it after. */
  readonly cache?: StatCache
  /** Paths or globs that travel although a rule leaves them out. Ignored when `rules` are given. */
  readonly include?: readonly string[]
  readonly signal?: AbortSignal
  /** How long the event loop may be held. @default 50 */
  readonly sliceMs?: number
  readonly onProgress?: (progress: { readonly files: number; readonly hashedBytes: number }) => void
}

/** The sender has little else to do meanwhile. */
const SLICE_MS = 50

/**
 * Finds out what of a folder travels and hashes it. Changes nothing on disk.
 * @throws {WindfallError} file_not_found when there is no such folder, invalid_input for what may not be read,
 *   wrong_state for a file that keeps changing
 */
export async function scanTree(root: string, options: ScanOptions = {}): Promise<ScannedTree> {
  const folder = realFolder(root)
  const rules: ScanRules = options.rules ?? new IgnoreRules(folder, options.include ?? [])
  const leftOut: LeftOut[] = []
  const previous = options.cache?.record
  const record = await walkFolder(folder, previous, {
    filter: rules,
    signal: options.signal,
    sliceMs: options.sliceMs ?? SLICE_MS,
    onProgress: options.onProgress,
    onLeftOut: (at, kind, { why, rule, source }) => leftOut.push({ path: at, kind, why, rule, source }),
    onSpecial: (at, kind) => leftOut.push({ path: at, kind, why: "special", rule: kind, source: "built in" }),
  })
  options.cache?.update(record)
  return new ScannedTree(folder, record, leftOut, previous, rules.follows !== undefined)
}

function realFolder(root: string): string {
  try {
    const folder = fs.realpathSync(root)
    if (fs.statSync(folder).isDirectory()) return folder
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error
  }
  throw new WindfallError("file_not_found", `Cannot read the folder ${path.resolve(root)}: there is no such folder`)
}
