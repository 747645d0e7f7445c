import { formatBytes } from "../base/bytes.ts"
import { DEFAULT_MEMORY_BYTES } from "./resources.ts"

const MIB = 1024 ** 2

/** So many of the newest runs are looked at. */
export const RUNS_LOOKED_AT = 5

/** What earlier runs of a job teach about the memory it needs. */
export interface LearnedNeed {
  /** The most that any of them held. One that was ended for want of memory would have held more. */
  readonly peakBytes: number
  readonly runs: number
  /** What is leased for it where the sender says nothing. It is not held to that. */
  readonly leaseBytes: number
}

/**
 * What is leased to a job whose sender said nothing of memory, by the peaks of its earlier runs: a tenth more than the most of them;
 * `null` where they teach nothing, or no more than what is leased anyway. Never less than that: short runs are measured coarsely.
 *
 * @param mostBytes the most that a host could give it; more is never leased, or the job could never start
 */
export function learnedNeed(peaks: readonly number[], mostBytes: number): LearnedNeed | null {
  const newest = peaks.slice(0, RUNS_LOOKED_AT)
  const peakBytes = Math.max(0, ...newest)
  const leaseBytes = Math.min(Math.ceil(peakBytes * 1.1), Math.floor(mostBytes))
  return leaseBytes > DEFAULT_MEMORY_BYTES ? { peakBytes, runs: newest.length, leaseBytes } : null
}

/** "its last 3 runs held up to 18 GB". */
export function learnedText({ peakBytes, runs }: LearnedNeed): string {
  return runs === 1
    ? `its last run held ${formatBytes(peakBytes)}`
    : `its last ${runs} runs held up to ${formatBytes(peakBytes)}`
}

/** What is said to the sender of a job that has learned, as a sentence without a full stop. */
export function learnedNote(need: LearnedNeed): string {
  const { peakBytes, leaseBytes } = need
  return `${learnedText(need)}, so ${formatBytes(leaseBytes)} are counted for it; --memory ${requestText(peakBytes)} would hold it to that`
}

/** What to give to `--memory` for a job that has held so much: a tenth more, in whole gigabytes where that is precise enough. */
export function requestText(heldBytes: number): string {
  const megabytes = Math.ceil((heldBytes * 1.1) / MIB / 100) * 100
  return megabytes < 4096 ? `${megabytes}M` : `${Math.ceil(megabytes / 1024)}G`
}
