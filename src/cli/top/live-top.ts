import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { orLoginLost } from "../follow/login-lost.ts"
import { topLines } from "../render/top-text.ts"
import { agoText } from "../render/vitals-text.ts"
import { watchPool } from "./pool-watch.ts"
import { lookAtPool, type TopLook } from "./top-look.ts"
import { TopScreen } from "./top-screen.ts"

/** However much happens, the server is asked once a second at most; and when nothing does, as often as hosts say how they are. */
const LEAST_MS = 1_000
const MOST_MS = 5_000
/** A server that has not answered for so long is not waited for any longer: it is asked anew. */
const ANSWER_MS = 10_000
/** What is shown is old from here on, and that is said. */
const OLD_MS = 7_000
const REDRAW_MS = 1_000

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const CTRL_C = "\x03"

/**
 * Shows hosts and jobs as they are until q or Ctrl-C; while the server cannot be reached what it said last stays, with its age, and it is
 * asked again. Returns the exit code.
 * @throws {WindfallError} when the first look fails, or the login is not good any more
 */
export async function liveTop(cli: Cli): Promise<number> {
  const { client, clock, settings } = cli
  let look: TopLook = await lookAtPool(client, clock.now)
  let failure: unknown = null
  const over = new AbortController()
  let exitCode = 0
  const end = (code: number) => {
    exitCode = code
    over.abort()
  }
  const handlers = Object.entries(SIGNALS).map(([name, code]) => [name, () => end(code)] as const)
  for (const [name, handler] of handlers) process.on(name, handler)

  using screen = new TopScreen(cli.stdout, {
    keys: (keys) => {
      if (/[qQ]/.test(keys)) end(0)
      else if (keys.includes(CTRL_C)) end(SIGNALS.SIGINT)
    },
    resize: () => draw(),
  })
  const draw = () => {
    const now = clock.now()
    const { width, height } = screen
    const trouble = troubleText(now - look.at, failure)
    void screen.draw(topLines(look, { now, width, height, color: settings.color, trouble })).catch(() => end(1))
    if (cli.stdout.closed) end(141)
  }
  const redraw = setInterval(draw, REDRAW_MS)
  let wake = Promise.withResolvers<void>()
  let stream = new AbortController()
  const follow = () => {
    stream.abort()
    stream = new AbortController()
    void watchPool(client, () => wake.resolve(), AbortSignal.any([over.signal, stream.signal]))
  }
  follow()
  try {
    draw()
    while (!over.signal.aborted) {
      await pause(cli, LEAST_MS, over.signal)
      await Promise.race([wake.promise, pause(cli, MOST_MS - LEAST_MS, over.signal)])
      wake = Promise.withResolvers()
      if (over.signal.aborted) break
      try {
        look = await lookAtPool(client, clock.now, AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_MS)]))
        // A stream from before may be dead without a word.
        if (failure !== null) follow()
        failure = null
      } catch (error) {
        if (over.signal.aborted) break
        failure = error
        const lost = orLoginLost(error, "watch the hosts")
        if (lost instanceof WindfallError && lost.code === "login_lost") throw lost
      }
      draw()
    }
  } finally {
    over.abort()
    clearInterval(redraw)
    for (const [name, handler] of handlers) process.off(name, handler)
  }
  return exitCode
}

function pause(cli: Cli, ms: number, signal: AbortSignal): Promise<void> {
  return cli.clock.sleep(ms, { signal }).catch(() => undefined)
}

/** What is wrong with what is shown; `null` when nothing is. */
function troubleText(ageMs: number, failure: unknown): string | null {
  if (failure === null && ageMs < OLD_MS) return null
  const why = failure instanceof WindfallError ? `: ${failure.message}` : ""
  return `No answer from the server for ${agoText(ageMs)}, trying again${why}`
}
