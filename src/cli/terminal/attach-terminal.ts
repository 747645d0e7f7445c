import { formatBytes } from "../../base/bytes.ts"
import { deferred } from "../../base/deferred.ts"
import { nodeCrypto } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { printableLines } from "../render/table.ts"
import { EscapeKeys } from "./escape-keys.ts"
import { RawTerminal, terminalSize } from "./raw-terminal.ts"
import { type LinkEnd, type LinkNews, TerminalLink } from "./terminal-link.ts"
import { openWebSocket } from "./web-socket.ts"

export interface AttachRequest {
  readonly job: number
  /** The job's own terminal, or a new shell beside it. */
  readonly route: "terminal" | "shell"
  /** Ends the attachment from outside, as `~.` does. */
  readonly signal: AbortSignal
  /** Called once with what puts a line of Windfall's own between those of what runs there; that does nothing once it is over. */
  readonly onTeller?: (say: (text: string) => void) => void
}

/** `left`: the person (or a signal) left; what ran in a job's own terminal runs on. */
export type AttachEnd = LinkEnd | { readonly kind: "left" }

/** A connection that is back within this time was never away, as far as anybody needs to know. */
const UNNOTICED_MS = 1000
/** How long a shell that is left gets to be told so. */
const HANGUP_MS = 500
const HELP = ["~.  leave", "~?  this help", "~~  type a tilde", "(each only at the start of a line)"]

/**
 * Hands the person's terminal over to one on a host until that ends or is left, through lost connections. The person's
 * terminal is put back as it was in every case.
 * @throws {WindfallError} invalid_input where standard input or output is no terminal
 */
export async function attachTerminal(cli: Cli, request: AttachRequest): Promise<AttachEnd> {
  const { login } = cli
  const client = nodeCrypto().randomBytes(10).toString("hex")
  const abort = new AbortController()
  const left = deferred<AttachEnd>()
  const escapes = new EscapeKeys()
  const teller = new Teller(cli)
  let isOver = false
  request.onTeller?.((text) => {
    if (!isOver) teller.say(text)
  })
  const link = new TerminalLink({
    client,
    term: cli.settings.term,
    size: terminalSize,
    clock: cli.clock,
    random: cli.random,
    open: (again) => {
      const query = request.route === "shell" ? `?id=${client}&again=${again}` : ""
      return openWebSocket(login, `/v1/jobs/${request.job}/${request.route}${query}`, abort.signal)
    },
    show: (bytes) => cli.stdout.write(bytes),
    onTaken: () => {
      if (!link.isFull) terminal.resume()
    },
    tell: (news) => teller.tell(news),
  })
  const leave = () => left.resolve({ kind: "left" })
  const terminal = new RawTerminal(
    (keys) => {
      const { bytes, asked } = escapes.filter(keys)
      if (bytes.length > 0) link.type(bytes)
      if (link.isFull) terminal.pause()
      if (asked === "help") teller.say(HELP.join("\n"))
      if (asked === "leave") leave()
    },
    () => link.resize(),
  )
  request.signal.addEventListener("abort", leave, { once: true })
  try {
    const running = link.run(abort.signal)
    const end = await Promise.race([running, left.promise])
    if (end.kind === "left" && request.route === "shell") {
      link.hangup()
      await Promise.race([running, cli.clock.sleep(HANGUP_MS)])
    }
    running.catch(() => undefined)
    isOver = true
    const isLeftOpen = end.kind !== "exit" && link.wasAttached
    terminal.leave({ reset: isLeftOpen })
    if (isLeftOpen) await cli.stderr.write("\n")
    return end
  } finally {
    isOver = true
    terminal.leave()
    teller.end()
    request.signal.removeEventListener("abort", leave)
    abort.abort()
  }
}

/** Windfall's own words between the lines of whatever runs in the terminal. */
class Teller {
  readonly #cli: Cli
  #timer: NodeJS.Timeout | undefined
  #saidAway = false

  constructor(cli: Cli) {
    this.#cli = cli
  }

  say(text: string): void {
    void this.#cli.stderr.write(`\r\n\x1b[0m[windfall: ${printableLines(text).replaceAll("\n", "\r\n")}]\r\n`)
  }

  tell(news: LinkNews): void {
    if (news.kind === "away") {
      const reason = news.error === null ? "" : `: ${news.error.message}`
      this.#timer ??= setTimeout(() => {
        this.#saidAway = true
        this.say(`the connection is lost${reason}. What runs there runs on; trying again, ~. leaves`)
      }, UNNOTICED_MS)
    } else if (news.kind === "back") {
      const wasSaid = this.#saidAway
      this.end()
      if (wasSaid) this.say("connected again")
    } else {
      const what =
        news.kind === "lost_input"
          ? "typed here while the connection was lost did not arrive"
          : "of output were not kept"
      this.say(`${formatBytes(news.bytes)} ${what}`)
    }
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#saidAway = false
  }
}
