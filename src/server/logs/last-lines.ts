import { stripVTControlCharacters } from "node:util"
import type { OutputStream } from "../../protocol/frames.ts"
import type { AttemptLog } from "./attempt-log.ts"
import { STREAMS } from "./log-layout.ts"
import { readPiece } from "./read-piece.ts"

/** How far back is looked, in bytes of both streams together. */
const MOST_BYTES = 64 * 1024
const BATCH = 256

interface Part {
  readonly stream: OutputStream
  readonly from: number
  readonly to: number
}

/**
 * The last lines of an attempt's output as plain text, oldest first: at most `count`, out of the last 64 KB. A line stands where
 * it ended, so that one stream never cuts a line of the other. What a terminal would not show in the end (colours, what a
 * progress bar has overwritten) is left out. Reads what is here now.
 */
export async function lastLines(log: AttemptLog, count: number): Promise<string[]> {
  const lines: string[] = []
  const begun: Record<OutputStream, string> = { stdout: "", stderr: "" }
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  for (const part of lastParts(log)) {
    const text = decoders[part.stream].decode(await bytesOf(log, part), { stream: true })
    const [first = "", ...more] = text.split("\n")
    begun[part.stream] += first
    for (const next of more) {
      lines.push(begun[part.stream])
      begun[part.stream] = next
    }
  }
  const shown = [...lines, ...STREAMS.map((stream) => begun[stream])].map(plainLine).filter((line) => line !== "")
  return shown.slice(-count)
}

/** A line as a terminal shows it in the end, without colours and other control characters. */
export function plainLine(line: string): string {
  const last = stripVTControlCharacters(line).trimEnd().split("\r").at(-1) ?? ""
  return last.replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "").trimEnd()
}

/** The last pieces of both streams, in order of arrival. */
function lastParts(log: AttemptLog): Part[] {
  const parts: Part[] = []
  const ends = { stdout: log.extent("stdout").end, stderr: log.extent("stderr").end }
  /** Where what was taken of a stream begins. */
  const taken = { ...ends }
  let bytes = 0
  const take = (stream: OutputStream, from: number) => {
    const begin = Math.max(from, taken[stream] - (MOST_BYTES - bytes))
    if (begin >= taken[stream]) return
    parts.push({ stream, from: begin, to: taken[stream] })
    bytes += taken[stream] - begin
    taken[stream] = begin
  }
  for (let index = log.recordCount; index > 0 && bytes < MOST_BYTES; ) {
    const first = Math.max(0, index - BATCH)
    // The latest record of a stream may have grown in place since: each reaches to where the one after it begins.
    for (const { stream, offset } of log.records(first, index - first).reverse()) take(stream, offset)
    index = first
  }
  return parts.reverse()
}

/** What is not kept of it is left out. */
async function bytesOf(log: AttemptLog, { stream, from, to }: Part): Promise<Uint8Array> {
  const found: Uint8Array[] = []
  for (let at = from; at < to; ) {
    const piece = await readPiece(log, stream, at, to)
    if (piece === undefined) break
    if (piece.bytes !== null) found.push(piece.bytes)
    at = piece.to
  }
  return Buffer.concat(found)
}
