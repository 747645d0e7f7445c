import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Clock } from "../base/clock.ts"
import { toWindfallError, WindfallError } from "../protocol/errors.ts"
import { encodeTerminalPiece, isTerminalId } from "../protocol/terminal.ts"
import { terminalProblem } from "./pty.ts"
import { shellBeside, terminalHostCommand, terminalHostEnv } from "./terminal-command.ts"
import { connectTerminal, terminalSocketPath } from "./terminal-socket.ts"

/** What the agent knows of an attempt whose terminal is wanted. */
export interface TerminalAttempt {
  /** The attempt's folder. */
  readonly folder: string
  /** Where its command runs. */
  readonly work: string
  /** Its command runs under a PTY host. */
  readonly hasTerminal: boolean
  /** Its exit status is not known yet, and its tree is not being swept. */
  isRunning(): boolean
  /** Notes that a shell is opened beside it, so that what this starts is swept at its end. Throws where that cannot be kept. */
  noteShell(): void
  /** Notes which process is the host of such a shell. Never throws. */
  noteShellHost(pid: number): void
  /** The job's environment, secrets included. */
  env(): Readonly<Record<string, string>>
}

export interface TerminalRouteOptions {
  /** The attempt with this sequence number, if it is here. */
  find(sequence: number): TerminalAttempt | null
  /** What starts the bundled agent: its node and its file. */
  readonly program: readonly string[]
  readonly clock: Clock
}

/** How long a PTY host may take from its start until it listens, on a busy host. */
const LISTEN_MS = 15_000
const LOOK_MS = 20
/** A shell nobody is attached to: its client is gone for good, or will come back with the network. */
const ABANDON_MS = 10 * 60_000
const MAX_SHELLS = 16

/**
 * Answers POST `/terminals/PATH`: `SEQUENCE` is the terminal of an attempt under a PTY host, `SEQUENCE/shell/ID` a shell
 * of one's own beside a running attempt, started when the id is new (`SEQUENCE/shell/ID/again` starts none). Joins the stream to the PTY host byte by byte;
 * when either side breaks, so does the other, and the PTY host waits for the next. Why there is no terminal is said in a
 * `failed` frame. Never throws.
 */
export async function serveTerminal(path: string, stream: Duplex, options: TerminalRouteOptions): Promise<void> {
  // An end of the stream before the PTY host answers is seen below; it must not be an unhandled error meanwhile.
  stream.on("error", () => undefined)
  try {
    const socket = await connectWhenReady(findTerminal(path, options), stream, options)
    if (socket !== null) join(stream, socket)
  } catch (thrown) {
    const { code, message, hint } = toWindfallError(thrown, "open a terminal")
    stream.resume()
    stream.end(encodeTerminalPiece({ kind: "failed", code, message, ...(hint === undefined ? {} : { hint }) }))
  }
}

interface WantedTerminal {
  readonly attempt: TerminalAttempt
  readonly shell: string | null
  readonly again: boolean
}

function findTerminal(path: string, options: TerminalRouteOptions): WantedTerminal {
  const match = /^(\d{1,15})(?:\/shell\/([0-9a-z]+)(\/again)?)?$/.exec(path)
  const shell = match?.[2] ?? null
  if (match === null || (shell !== null && !isTerminalId(shell))) {
    throw new WindfallError("invalid_input", `Cannot open a terminal: ${JSON.stringify(path.slice(0, 80))} names none`)
  }
  const attempt = options.find(Number(match[1]))
  if (attempt === null || !attempt.isRunning()) {
    throw new WindfallError("wrong_state", "Cannot open a terminal: the job no longer runs on this host")
  }
  if (shell === null && !attempt.hasTerminal) {
    throw new WindfallError("wrong_state", "Cannot open the job's terminal: it runs without one", {
      hint: "Open a shell beside it with: windfall shell JOB",
    })
  }
  return { attempt, shell, again: match[3] !== undefined }
}

async function connectWhenReady(
  { attempt, shell, again }: WantedTerminal,
  stream: Duplex,
  options: TerminalRouteOptions,
): Promise<Socket | null> {
  const path = terminalSocketPath(attempt.folder, shell)
  const until = options.clock.monotonicMs() + LISTEN_MS
  let started = shell === null
  while (true) {
    try {
      return await connectTerminal(path)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code !== "ENOENT" && code !== "ECONNREFUSED") throw error
      if (!attempt.isRunning() || again || (started && options.clock.monotonicMs() > until)) {
        throw new WindfallError("wrong_state", "Cannot open a terminal: it ended, or never opened", { cause: error })
      }
    }
    if (!started) {
      startShell(attempt, path, options)
      started = true
    }
    if (stream.destroyed) return null
    await options.clock.sleep(LOOK_MS)
  }
}

function startShell(attempt: TerminalAttempt, socketPath: string, options: TerminalRouteOptions): void {
  const problem = terminalProblem()
  if (problem !== null) throw problem
  if (readdirSync(attempt.folder).filter((name) => name.startsWith("t-")).length >= MAX_SHELLS) {
    throw new WindfallError("host_busy", `Cannot open a shell: ${MAX_SHELLS} are open beside this job already`)
  }
  const env = attempt.env()
  const [program = "", ...args] = terminalHostCommand(
    options.program,
    { socketPath, size: null, interactive: true, endsWith: `${attempt.folder}/status`, abandonMs: ABANDON_MS },
    shellBeside(env),
  )
  attempt.noteShell()
  const child = spawn(program, args, {
    cwd: attempt.work,
    env: terminalHostEnv(env),
    detached: true,
    stdio: "ignore",
  })
  // Nobody listens on the socket then, which the client is told.
  child.on("error", () => undefined)
  if (child.pid !== undefined) attempt.noteShellHost(child.pid)
  child.unref()
}

function join(stream: Duplex, socket: Socket): void {
  socket.on("error", () => undefined)
  stream.pipe(socket)
  socket.pipe(stream)
  stream.once("close", () => socket.destroy())
  socket.once("close", () => {
    // After a whole end the last frames are still on their way through the stream.
    if (!stream.writableEnded) stream.destroy()
  })
}
