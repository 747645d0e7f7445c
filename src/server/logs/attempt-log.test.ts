import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { systemClock } from "../../base/clock.ts"
import { FrameReader, type OutputStream } from "../../protocol/frames.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { AttemptLog } from "./attempt-log.ts"
import { STREAMS } from "./log-layout.ts"
import { LogStore } from "./log-store.ts"
import type { LogLimits } from "./order-index.ts"
import { readFrames, readRaw } from "./read-log.ts"
import { positionsOfTail, positionsSince } from "./start-positions.ts"

const JOB = 7 as JobId
const WIDE: LogLimits = { headBytes: 1_000_000, segmentBytes: 1000, segments: 4 }
const forever = new AbortController().signal

function openLogs(folder: string, limits: LogLimits = WIDE, onPressure: (held: boolean) => void = () => {}): LogStore {
  const onTrouble = (error: unknown) => assert.fail(String(error))
  return new LogStore({ folder, limits, clock: systemClock(), onPressure, onTrouble })
}

function accept(log: AttemptLog, stream: OutputStream, offset: number, text: string | Uint8Array): void {
  log.accept({ sequence: 1, stream, offset, bytes: Buffer.from(text) })
}

async function raw(log: AttemptLog, stream: OutputStream, from = 0): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of readRaw(log, stream, { from, to: null, follow: false, signal: forever })) parts.push(part)
  return Buffer.concat(parts).toString("latin1")
}

interface Shown {
  readonly text: string
  readonly gaps: readonly { stream: OutputStream; from: number; to: number }[]
}

/** Both streams as a reader of frames sees them, "o" or "e" before each piece's bytes. */
async function woven(
  log: AttemptLog,
  options: { follow?: boolean; from?: Record<OutputStream, number> } = {},
): Promise<Shown> {
  const reader = new FrameReader()
  const gaps: { stream: OutputStream; from: number; to: number }[] = []
  const next = { ...(options.from ?? { stdout: 0, stderr: 0 }) }
  let text = ""
  const { follow = false } = options
  for await (const chunk of readFrames(log, { sequence: 1, from: { ...next }, follow, signal: forever })) {
    for (const frame of reader.read(chunk)) {
      if (frame.kind === "json") {
        const { gap } = frame.message as { gap: { stream: OutputStream; from: number; to: number } }
        gaps.push(gap)
        next[gap.stream] = gap.to
        continue
      }
      const { stream, offset, bytes } = frame.output
      assert.equal(offset, next[stream], `${stream} goes on where it was`)
      next[stream] += bytes.length
      text += `${stream === "stdout" ? "o" : "e"}:${Buffer.from(bytes).toString("latin1")} `
    }
  }
  return { text: text.slice(0, -1), gaps }
}

test("a log weaves both streams in order of arrival", async () => {
  using scratch = new ScratchFolder()
  await using logs = openLogs(scratch.path)
  const log = logs.live(JOB, 1)
  accept(log, "stdout", 0, "one")
  await log.sync()
  accept(log, "stderr", 0, "two")
  await log.sync()
  accept(log, "stdout", 3, "three")
  log.finish({ stdout: 8, stderr: 3 })
  await log.sync()
  assert.equal((await woven(log)).text, "o:one e:two o:three")
  assert.equal(await raw(log, "stdout"), "onethree")
})

test("a log without output leaves nothing on the disk", async () => {
  using scratch = new ScratchFolder()
  await using logs = openLogs(scratch.at("logs"))
  const log = logs.live(JOB, 1)
  log.finish({ stdout: 0, stderr: 0 })
  await log.sync()
  assert.equal(existsSync(scratch.at("logs")), false)
  assert.deepEqual(await woven(log, { follow: true }), { text: "", gaps: [] })
})

test("a log takes each byte once, whatever is repeated and wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          stderr: fc.boolean(),
          length: fc.integer({ min: 1, max: 40 }),
          back: fc.integer({ min: 0, max: 30 }),
          reopen: fc.integer({ min: 0, max: 5 }),
        }),
        { maxLength: 30 },
      ),
      async (steps) => {
        using scratch = new ScratchFolder()
        const whole = { stdout: "", stderr: "" }
        let logs = openLogs(scratch.path)
        for (const [index, { stderr, length, back, reopen }] of steps.entries()) {
          const stream = stderr ? "stderr" : "stdout"
          let log = logs.live(JOB, 1)
          if (reopen === 0) {
            // As after kill -9: what was on its way to the disk comes again from the host.
            await logs[Symbol.asyncDispose]()
            logs = openLogs(scratch.path)
            log = logs.live(JOB, 1)
            for (const each of STREAMS) accept(log, each, log.received(each), whole[each].slice(log.received(each)))
          }
          const offset = Math.max(0, whole[stream].length - back)
          const fresh = String.fromCharCode(97 + (index % 26)).repeat(length)
          accept(log, stream, offset, whole[stream].slice(offset) + fresh)
          whole[stream] += fresh
        }
        const log = logs.live(JOB, 1)
        log.finish({ stdout: whole.stdout.length, stderr: whole.stderr.length })
        await log.sync()
        for (const stream of STREAMS) assert.equal(await raw(log, stream), whole[stream])
        const { text, gaps } = await woven(log)
        assert.deepEqual(gaps, [])
        for (const [mark, stream] of [
          ["o", "stdout"],
          ["e", "stderr"],
        ] as const) {
          const parts = text.split(" ").filter((part) => part.startsWith(`${mark}:`))
          assert.equal(parts.map((part) => part.slice(2)).join(""), whole[stream])
        }
        await logs[Symbol.asyncDispose]()
      },
    ),
    { numRuns: 60 },
  )
})

test("past the cap a log keeps the head and a ring of the tail, and states the gap", async () => {
  using scratch = new ScratchFolder()
  const limits: LogLimits = { headBytes: 100, segmentBytes: 50, segments: 2 }
  const logs = openLogs(scratch.path, limits)
  const log = logs.live(JOB, 1)
  let whole = ""
  for (let line = 0; whole.length < 1000; line++) {
    const text = `line ${line}\n`
    accept(log, "stdout", whole.length, text)
    whole += text
    if (line % 7 === 0) await log.sync()
  }
  log.finish({ stdout: whole.length, stderr: 0 })
  await log.sync()
  const check = async (some: AttemptLog) => {
    const { gaps, text } = await woven(some)
    assert.equal(gaps.length, 1, "however many pieces have gone")
    const { from, to } = gaps[0]!
    assert.equal(from, 100)
    assert.ok(whole.length - to >= 100, "the tail has at least the size asked for")
    assert.ok(whole.length - to <= 150)
    assert.equal(text.replaceAll(/ ?o:/g, ""), whole.slice(0, 100) + whole.slice(to))
    assert.equal(await raw(some, "stdout"), whole.slice(0, 100) + whole.slice(to))
  }
  await check(log)
  await logs[Symbol.asyncDispose]()
  await using again = openLogs(scratch.path, WIDE)
  await check(again.read(JOB, 1, true))
  const kept = readdirSync(scratch.at("0", "7.1")).filter((name) => name.includes("tail"))
  assert.ok(kept.length <= 3, `segments: ${kept.join(", ")}`)
})

test("what the host no longer has is recorded as a gap where it lies", async () => {
  using scratch = new ScratchFolder()
  await using logs = openLogs(scratch.path)
  const log = logs.live(JOB, 1)
  accept(log, "stdout", 0, "head")
  accept(log, "stdout", 10, "tail")
  // An empty piece says that nothing is left up to it.
  accept(log, "stdout", 18, "")
  assert.equal(log.received("stdout"), 18)
  log.finish({ stdout: 20, stderr: 0 })
  await log.sync()
  assert.deepEqual((await woven(log)).gaps, [
    { stream: "stdout", from: 4, to: 10 },
    { stream: "stdout", from: 14, to: 20 },
  ])
  assert.equal(await raw(log, "stdout"), "headtail")
  assert.deepEqual(log.extent("stdout").ranges, [
    { from: 0, to: 4 },
    { from: 10, to: 14 },
  ])
})

test("a follower gets what comes, and ends with the log", async () => {
  using scratch = new ScratchFolder()
  await using logs = openLogs(scratch.path)
  const log = logs.live(JOB, 1)
  const shown = woven(log, { follow: true })
  for (let piece = 0; piece < 20; piece++) {
    accept(log, piece % 2 === 0 ? "stdout" : "stderr", Math.floor(piece / 2), String(piece % 10))
    if (piece % 5 === 0) await log.sync()
  }
  log.finish({ stdout: 10, stderr: 10 })
  const { text } = await shown
  assert.equal(
    text
      .split(" ")
      .filter((part) => part.startsWith("o"))
      .map((part) => part.slice(2))
      .join(""),
    "0246802468",
  )
  assert.equal(
    text
      .split(" ")
      .filter((part) => part.startsWith("e"))
      .map((part) => part.slice(2))
      .join(""),
    "1357913579",
  )
})

test("an index cut short by a power failure is mended from the files", async () => {
  using scratch = new ScratchFolder()
  const logs = openLogs(scratch.path)
  const log = logs.live(JOB, 1)
  accept(log, "stdout", 0, "first")
  await log.sync()
  accept(log, "stderr", 0, "second")
  await log.sync()
  await logs[Symbol.asyncDispose]()
  const order = scratch.at("0", "7.1", "order")
  truncateSync(order, readFileSync(order).length - 13)
  truncateSync(scratch.at("0", "7.1", "stdout"), 3)
  await using again = openLogs(scratch.path)
  const mended = again.live(JOB, 1)
  assert.equal(mended.received("stdout"), 3)
  assert.equal(mended.received("stderr"), 6)
  accept(mended, "stdout", 3, "st")
  mended.finish({ stdout: 5, stderr: 6 })
  await mended.sync()
  assert.equal(await raw(mended, "stdout"), "first")
  assert.equal(await raw(mended, "stderr"), "second")
  assert.deepEqual((await woven(mended)).gaps, [])
})

test("tail and since find where to begin in both streams", async () => {
  using scratch = new ScratchFolder()
  await using logs = openLogs(scratch.path)
  const log = logs.live(JOB, 1)
  accept(log, "stdout", 0, "a\nb\n")
  await log.sync()
  accept(log, "stderr", 0, "x\n")
  await log.sync()
  accept(log, "stdout", 4, "c\nd\n")
  log.finish({ stdout: 8, stderr: 2 })
  await log.sync()
  assert.equal(
    (await woven(log, { from: await positionsOfTail(log, 3) })).text,
    "e:x\n o:c\nd\n".replace("\n o", "\n o"),
  )
  assert.deepEqual(await positionsOfTail(log, 1, ["stdout"]), { stdout: 6, stderr: 2 })
  assert.deepEqual(await positionsOfTail(log, 100), { stdout: 0, stderr: 0 })
  assert.deepEqual(positionsSince(log, 0), { stdout: 0, stderr: 0 })
  assert.deepEqual(positionsSince(log, Date.now() + 60_000), { stdout: 8, stderr: 2 })
})

test("more output than memory should hold is said, and said to be over", async () => {
  using scratch = new ScratchFolder()
  const said: boolean[] = []
  await using logs = openLogs(scratch.path, { ...WIDE, headBytes: 2 ** 30 }, (held) => said.push(held))
  const log = logs.live(JOB, 1)
  const piece = Buffer.alloc(1024 * 1024)
  for (let index = 0; index < 40; index++) accept(log, "stdout", index * piece.length, piece)
  assert.deepEqual(said, [true])
  await log.sync()
  assert.deepEqual(said, [true, false])
})
