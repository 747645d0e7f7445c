import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type Duplex, duplexPair } from "node:stream"
import { describe, it } from "node:test"
import fc from "fast-check"
import { answerBench, askBench, type BenchTools, mbpsOf, wireOver } from "./bench-talk.ts"
import { expectedMbps, networkText } from "./network.ts"

const tools = (bytes: number, durationMs = 1_000): BenchTools => ({
  nowMs: () => performance.now(),
  payload: randomBytes(1_000),
  limits: { bytes, durationMs },
})

/** Passes everything on in pieces of its own lengths, as nets do. */
async function* cut(stream: Duplex, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let i = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; ) {
      const length = lengths[i++ % lengths.length] ?? 1
      yield piece.subarray(at, at + length)
      at += length
    }
  }
}

describe("a measurement between two ends", () => {
  it("counts what came each way, whatever pieces it came in, and ends with either limit", async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 2_000, max: 40_000 }), async (cuts, bytes) => {
        const [asker, answerer] = duplexPair()
        const answered = answerBench({ ...wireOver(answerer), incoming: cut(answerer, cuts) }, tools(bytes))
        const seen: string[] = []
        const wire = { ...wireOver(asker), incoming: cut(asker, cuts) }
        const result = await askBench(wire, tools(bytes), (direction) => seen.push(direction))
        asker.end()
        await answered
        // All but the first piece is timed.
        const expected = (Math.ceil(bytes / 1_000) - 1) * 1_000
        assert.equal(result.received.bytes, expected)
        assert.equal(result.sent.bytes, expected)
        assert.ok(result.roundTripMs >= 0)
        assert.deepEqual(new Set(seen), new Set(["received", "sent"]))
      }),
      { numRuns: 30 },
    )
  })

  it("fails where the other end goes, or says something else", async () => {
    for (const said of ["", "PPPPPPPPP\xff\xff\xff\xff"]) {
      const [asker, other] = duplexPair()
      other.end(Buffer.from(said, "latin1"))
      other.resume()
      await assert.rejects(
        askBench(wireOver(asker), tools(10_000), () => {}),
        { code: said === "" ? "link_lost" : "corrupt_data" },
      )
    }
  })

  it("answers garbage with an error, and the end with nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async (bytes) => {
        const [asker, answerer] = duplexPair()
        asker.resume()
        asker.end(bytes)
        try {
          await answerBench(wireOver(answerer), tools(3_000, 5))
        } catch (error) {
          assert.match(String((error as { code?: string }).code), /corrupt_data|link_lost/)
        }
        answerer.destroy()
      }),
      { numRuns: 100 },
    )
  })

  it("makes megabits a second of it, and of nothing nothing", () => {
    assert.equal(mbpsOf({ bytes: 125_000_000, durationMs: 1_000 }), 1_000)
    assert.equal(mbpsOf({ bytes: 0, durationMs: 1_000 }), null)
    assert.equal(mbpsOf({ bytes: 1_000, durationMs: 0 }), null)
  })
})

it("expects what was measured before what the system says, and half of Wi-Fi's rate", () => {
  const wifi = { kind: "wifi", mbps: 866, interface: "en1", peers: [] } as const
  assert.equal(expectedMbps(wifi, 512), 512)
  assert.equal(expectedMbps(wifi, null), 433)
  assert.equal(expectedMbps({ ...wifi, mbps: null }, null), 230)
  assert.equal(expectedMbps(null, null), null)
  assert.equal(expectedMbps({ ...wifi, kind: "unknown", mbps: null }, null), null)
  assert.equal(networkText(wifi), "Wi-Fi 866 Mbit/s")
  assert.equal(networkText({ ...wifi, kind: "ethernet", mbps: 10_000 }), "10 GbE")
  assert.equal(networkText({ ...wifi, kind: "ethernet", mbps: 2_500 }), "2.5 GbE")
})
