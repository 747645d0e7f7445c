import { formatBytes } from "../../base/bytes.ts"
import type { Cli } from "../cli.ts"
import { StatusLine } from "../render/status-line.ts"
import { say } from "../say.ts"

const TICK_MS = 1_000
/** Who waits longer than that may not know that this command does, too. */
const WAITS_MS = 3_000

/** Says that standard input is being read, when that takes long: again and again on a terminal, else once. Dispose to end it. */
export class StdinProgress implements AsyncDisposable {
  readonly #status: StatusLine
  readonly #timer: NodeJS.Timeout | undefined
  bytes = 0

  constructor(cli: Cli, options: { readonly quiet: boolean }) {
    this.#status = new StatusLine(cli.stderr, cli.clock)
    if (options.quiet) return
    const text = () => `reading standard input: ${formatBytes(this.bytes)} so far`
    this.#timer = cli.stderr.isTerminal
      ? setInterval(() => void this.#status.show(`windfall: ${text()}`), TICK_MS)
      : setTimeout(() => void say(cli, `${text()}; the job is sent when it has ended`), WAITS_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    await this.#status.clear()
  }
}
