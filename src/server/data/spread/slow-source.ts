import type { Source, WaySpeed } from "./choose-source.ts"

/** What is known of blobs on their way from one host to another. */
export interface LaneProgress {
  /** Since its blobs were there to be given. */
  readonly elapsedMs: number
  /** What has come whole in that time. */
  readonly hadBytes: number
  /** The blob that is coming: how much of it has come nobody knows here. */
  readonly nextBytes: number
  readonly way: WaySpeed
  /** What others give, each of them, to this host or, where none has, to others; `null`: not known. In bytes a millisecond. */
  readonly othersBytesPerMs: number | null
}

/** Before that a disk, or another who wants something, may be what holds it up. */
const LEAST_MS = 10_000
/** Below that part of what others give a source is slow: with two to give to, on a busy line, it is still well above. */
const SLOW_SHARE = 0.1
/** What gives less than that nearly stands, in bytes a millisecond: 128 KB/s by Wi-Fi, else 512 KB/s. */
const STANDS: Readonly<Record<WaySpeed, number>> = { 1: 128, 2: 512, 3: 512 }

/** Whether a host gives so little that the rest is to be had elsewhere. It counts as if all but the last byte of the next blob had come. */
export function isSlow({ elapsedMs, hadBytes, nextBytes, way, othersBytesPerMs }: LaneProgress): boolean {
  if (elapsedMs < LEAST_MS) return false
  const atMost = (hadBytes + nextBytes) / elapsedMs
  return atMost < (othersBytesPerMs === null ? STANDS[way] : othersBytesPerMs * SLOW_SHARE)
}

/** A shorter time says nothing: what came may have been there. */
const LEAST_MEASURED_MS = 1_000

/** How fast sources gave to one host. */
export class Paces {
  readonly #given = new Map<Source, { bytes: number; ms: number }>()

  note(source: Source, bytes: number, ms: number): void {
    const known = this.#given.get(source) ?? { bytes: 0, ms: 0 }
    this.#given.set(source, { bytes: known.bytes + bytes, ms: known.ms + ms })
  }

  /** Of those that count, in bytes a millisecond; `null` where too little is known. */
  of(counts: (source: Source) => boolean): number | null {
    let bytes = 0
    let ms = 0
    for (const [source, given] of this.#given) {
      if (!counts(source)) continue
      bytes += given.bytes
      ms += given.ms
    }
    return ms < LEAST_MEASURED_MS ? null : bytes / ms
  }
}
