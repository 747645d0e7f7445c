import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { LogSink } from "./log-reader.ts"
import { NumberedSink } from "./numbered-sink.ts"

const PIECE = fc.array(fc.constantFrom("a", "bc", "\n", "é", "\n\n"), { maxLength: 6 }).map((parts) => parts.join(""))

test("each line comes whole with its rank, however it was cut, and those of members are never mixed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ rank: fc.nat(2), piece: PIECE, bytesCut: fc.nat(3) }), { maxLength: 30 }),
      async (pieces) => {
        let shown = ""
        const out: LogSink = {
          output: async (_, bytes) => {
            shown += Buffer.from(bytes).toString()
          },
          gap: async () => {},
          end: async () => {},
        }
        const sinks = [0, 1, 2].map((rank) => new NumberedSink(rank, out))
        for (const { rank, piece, bytesCut } of pieces) {
          const bytes = Buffer.from(piece)
          await sinks[rank]!.output("stdout", bytes.subarray(0, bytesCut), 0)
          await sinks[rank]!.output("stdout", bytes.subarray(bytesCut), 0)
        }
        for (const sink of sinks) await sink.end()
        for (const rank of [0, 1, 2]) {
          const whole = pieces.flatMap((one) => (one.rank === rank ? one.piece : [])).join("")
          const lines = shown.split("\n").filter((line) => line.startsWith(`[${rank}] `))
          const printed = lines.map((line) => `${line.slice(4)}\n`).join("")
          assert.equal(printed, whole === "" || whole.endsWith("\n") ? whole : `${whole}\n`)
        }
        assert.ok(
          shown
            .split("\n")
            .slice(0, -1)
            .every((line) => /^\[[0-2]\] /.test(line)),
        )
      },
    ),
    { numRuns: 200 },
  )
})
