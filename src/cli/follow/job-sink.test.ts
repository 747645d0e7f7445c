import assert from "node:assert/strict"
import { test } from "node:test"
import { systemClock } from "../../base/clock.ts"
import { type Deferred, deferred } from "../../base/deferred.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import type { Output } from "../output.ts"
import { JobSink } from "./job-sink.ts"

/** A terminal, or what only looks at its writes: each is taken when the test lets it be. */
class HeldOutput implements Output {
  readonly isTerminal: boolean
  readonly columns = 80
  readonly closed = false
  #text = ""
  #gate: Deferred<void> | undefined
  #reached: Deferred<void> | undefined

  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal
  }

  get text(): string {
    return this.#text
  }

  /** Keeps back what is written from now on; `reached` when the first such write has come. */
  stall(): { readonly letGo: () => void; readonly reached: Promise<void> } {
    const gate = deferred<void>()
    const reached = deferred<void>()
    this.#gate = gate
    this.#reached = reached
    return { letGo: () => gate.resolve(), reached: reached.promise }
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#reached?.resolve()
    await this.#gate?.promise
    this.#text += typeof data === "string" ? data : Buffer.from(data).toString()
  }
}

function sinkOn(stdout: Output, stderr: Output): JobSink {
  return new JobSink({ stdout, stderr, jobStderr: stderr, clock: systemClock() } as Cli, { json: false, quiet: false })
}

const JOB = { id: 7, state: "queued", place: null, reason: null, attempts: [] } as unknown as JobView

test("a status line never stands before or after a job's output on one line", async () => {
  const terminal = new HeldOutput(true)
  const sink = sinkOn(terminal, terminal)
  await sink.showStanding(JOB)
  const { letGo, reached } = terminal.stall()
  const printed = sink.output("stdout", Buffer.from("tick 1"), 0)
  await reached
  const shown = sink.showStanding(JOB)
  letGo()
  await Promise.all([printed, shown])
  assert.equal(terminal.text, "\r\x1b[2Kwindfall: job 7 queued\r\x1b[2Ktick 1")
  await sink.showStanding(JOB)
  await sink.say("over")
  assert.match(terminal.text, /tick 1\nwindfall: over\n$/)
})

test("a pipe that nobody reads does not keep words from the terminal", async () => {
  const pipe = new HeldOutput(false)
  const terminal = new HeldOutput(true)
  const sink = sinkOn(pipe, terminal)
  const { letGo } = pipe.stall()
  const written = sink.output("stdout", Buffer.from("tick"), 0)
  const goOn = await sink.hold()
  await sink.say("asked")
  assert.match(terminal.text, /^windfall: asked\n$/)
  goOn()
  letGo()
  await written
  assert.equal(pipe.text, "tick")
})
