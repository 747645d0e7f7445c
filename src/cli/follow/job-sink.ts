import { type Deferred, deferred } from "../../base/deferred.ts"
import type { LogGap } from "../../protocol/api.ts"
import type { OutputStream } from "../../protocol/frames.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { standingText } from "../render/job-text.ts"
import { StatusLine } from "../render/status-line.ts"
import { printableLines } from "../render/table.ts"
import { printJson } from "../say.ts"
import { GapTeller } from "./gap-teller.ts"
import type { LogSink } from "./log-reader.ts"

const NEWLINE = 10

/**
 * Where an attached job's output and Windfall's own words meet. Output is passed through byte by byte; the status line
 * shows only while the cursor stands at the start of a line, and only on a terminal.
 */
export class JobSink implements LogSink {
  readonly #cli: Cli
  readonly #json: boolean
  readonly #quiet: boolean
  readonly #status: StatusLine
  readonly #gaps: GapTeller
  #atLineStart = true
  #held: Deferred<void> | undefined
  /** What is being put on the terminal, and whatever waits for that: one after the other, or they end up on one line. */
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  /** Of standard output, by attempt. */
  readonly #missingBytes = new Map<number, number>()
  /** Whose output it is, for `--json`. */
  attempt = 1

  constructor(cli: Cli, options: { json: boolean; quiet: boolean }) {
    this.#cli = cli
    this.#json = options.json
    this.#quiet = options.quiet
    this.#status = new StatusLine(cli.stderr, cli.clock)
    this.#gaps = new GapTeller(cli.clock, (text) => this.say(text, { always: true }))
  }

  /** Each piece of output becomes an event, whole as it came. */
  get isJson(): boolean {
    return this.#json
  }

  /** The reader of standard output is gone. */
  get isUnread(): boolean {
    return this.#cli.stdout.closed
  }

  /** Nothing but what matters is to be said. */
  get isQuiet(): boolean {
    return this.#quiet
  }

  /** Keeps output back while the person is asked something. Call what is returned to let it go on. */
  async hold(): Promise<() => void> {
    const held = deferred<void>()
    this.#held = held
    await this.clear()
    return () => {
      this.#held = undefined
      held.resolve()
    }
  }

  /** @param rank of the member it is of, where the job is on several hosts */
  async output(stream: OutputStream, bytes: Uint8Array, offset: number, rank?: number): Promise<void> {
    await this.#held?.promise
    if (this.#json) {
      const member = rank === undefined ? {} : { rank }
      return this.event({ type: "output", attempt: this.attempt, ...member, stream, offset, ...asText(bytes) })
    }
    await this.#gaps.tellIfDue()
    const out = stream === "stdout" ? this.#cli.stdout : this.#cli.jobStderr
    // A pipe nobody reads must not keep the terminal from being written to.
    if (!out.isTerminal) return out.write(bytes)
    await this.#inTurn(async () => {
      await this.#status.clear()
      if (bytes.length > 0) this.#atLineStart = bytes[bytes.length - 1] === NEWLINE
      await out.write(bytes)
    })
  }

  /** Bytes of an attempt's standard output that were told as gaps. */
  missingBytes(attempt: number): number {
    return this.#missingBytes.get(attempt) ?? 0
  }

  async gap(gap: LogGap["gap"]): Promise<void> {
    if (gap.stream === "stdout") {
      this.#missingBytes.set(this.attempt, this.missingBytes(this.attempt) + gap.to - gap.from)
    }
    if (this.#json) return this.event({ type: "gap", attempt: this.attempt, ...gap })
    await this.#gaps.note(gap)
  }

  async end(): Promise<void> {
    await this.#gaps.tell()
  }

  /** An event for `--json`; nothing otherwise. */
  async event(event: { readonly type: string; readonly [name: string]: unknown }): Promise<void> {
    if (this.#json) await printJson(this.#cli, event)
  }

  /** A line of Windfall's own, on a line of its own. */
  async say(text: string, { always = false } = {}): Promise<void> {
    if (this.#quiet && !always) return
    await this.#inTurn(async () => {
      await this.#toEmptyLine()
      await this.#cli.stderr.write(`windfall: ${printableLines(text)}\n`)
    })
  }

  async showStanding(job: JobView): Promise<void> {
    if (this.#held !== undefined) return
    await this.showStatus(`job ${job.id} ${standingText(job, this.#cli.clock.now())}`)
  }

  /** Shows the status line, unless the terminal is busy with something else. */
  async showStatus(text: string): Promise<void> {
    if (this.#json || this.#quiet || !this.#atLineStart || this.#waiting > 0) return
    await this.#inTurn(() => this.#status.show(`windfall: ${text}`))
  }

  /** Leaves the terminal as it should be for what is printed next. */
  async clear(): Promise<void> {
    await this.#inTurn(() => this.#toEmptyLine())
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    this.#waiting++
    const written = this.#turn.then(write).finally(() => this.#waiting--)
    this.#turn = written.catch(() => undefined)
    return written
  }

  async #toEmptyLine(): Promise<void> {
    await this.#status.clear()
    await this.#toLineStart()
  }

  /** Output that does not end with a newline ends here all the same, where a person reads it; never in a file. */
  async #toLineStart(): Promise<void> {
    if (this.#atLineStart || !this.#cli.stderr.isTerminal) return
    this.#atLineStart = true
    await this.#cli.stderr.write("\n")
  }
}

/** Text where the bytes are text, base64 where they are not (or a character is cut in two). */
function asText(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") }
  }
}
