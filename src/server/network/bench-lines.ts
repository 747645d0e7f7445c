import type { BenchFlow, BenchResult } from "../../protocol/bench-talk.ts"
import { WindfallError } from "../../protocol/errors.ts"

const MAX_LINE_BYTES = 16 * 1024

/** Reads what an agent tells of a measurement it makes; see {@link BenchLine}. @throws {WindfallError} why there is none */
export async function readBenchLines(
  pieces: AsyncIterable<Uint8Array>,
  onFlow: (direction: "received" | "sent", flow: BenchFlow) => void,
): Promise<BenchResult> {
  let text = ""
  for await (const piece of pieces) {
    text += Buffer.from(piece).toString()
    const lines = text.split("\n")
    text = lines.pop() ?? ""
    if (text.length > MAX_LINE_BYTES) throw malformed()
    for (const line of lines) {
      const told = read(line)
      if (typeof told.failed === "string") {
        throw new WindfallError("link_lost", `Cannot measure: ${told.failed.slice(0, 500)}`)
      }
      if (told.result !== undefined) return checkResult(told.result)
      const { direction } = told
      if (direction !== "received" && direction !== "sent") throw malformed()
      onFlow(direction, checkFlow(told.flow))
    }
  }
  throw new WindfallError("link_lost", "Cannot measure: the host said no result")
}

function read(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw malformed()
}

function checkResult(value: unknown): BenchResult {
  const { roundTripMs, received, sent } = (value ?? {}) as Partial<Record<keyof BenchResult, unknown>>
  return { roundTripMs: amount(roundTripMs), received: checkFlow(received), sent: checkFlow(sent) }
}

function checkFlow(value: unknown): BenchFlow {
  const { bytes, durationMs } = (value ?? {}) as Partial<Record<keyof BenchFlow, unknown>>
  return { bytes: Math.round(amount(bytes)), durationMs: amount(durationMs) }
}

function amount(value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value
  throw malformed()
}

function malformed(): WindfallError {
  return new WindfallError("corrupt_data", "Cannot measure: what the host says of it is malformed")
}
