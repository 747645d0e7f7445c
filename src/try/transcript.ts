import { spawn } from "node:child_process"
import { once } from "node:events"
import type { Writable } from "node:stream"

export interface TypedCommand {
  /** As a person would type it. */
  readonly shown: string
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** A command that was asked to stop may take this long over it. */
const LEAVE_MS = 20_000

/** Prints what happens with the time since the start, and runs commands as a person would type them. */
export class Transcript {
  readonly #out: Writable
  readonly #elapsedMs: () => number

  constructor(out: Writable, elapsedMs: () => number) {
    this.#out = out
    this.#elapsedMs = elapsedMs
  }

  /** One line of the story. */
  say(text: string): void {
    this.#out.write(`${this.#stamp()}  ${text}\n`)
  }

  /**
   * Shows and runs a command; each line it prints is stamped with the time it came. When the signal is aborted the command
   * is asked to stop, and is over before this is: `send` stops its job then.
   * @returns its exit code, 128 when a signal ended it
   * @throws the signal's reason
   */
  async run({ shown, program, args, cwd, env }: TypedCommand, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    this.say(`$ ${shown}`)
    // A session of its own: Ctrl-C reaches it once, from here.
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true })
    let timer: NodeJS.Timeout | undefined
    const stop = () => {
      child.kill("SIGTERM")
      timer = setTimeout(() => child.kill("SIGKILL"), LEAVE_MS)
    }
    signal.addEventListener("abort", stop, { once: true })
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ""
      stream?.setEncoding("utf8")
      stream?.on("data", (text: string) => {
        const lines = (rest + text).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) this.say(line === "" ? "" : `  ${line}`)
      })
      stream?.on("end", () => {
        if (rest !== "") this.say(`  ${rest}`)
      })
    }
    try {
      const [code] = (await once(child, "close")) as [number | null, NodeJS.Signals | null]
      signal.throwIfAborted()
      return code ?? 128
    } finally {
      signal.removeEventListener("abort", stop)
      clearTimeout(timer)
    }
  }

  #stamp(): string {
    return `${(this.#elapsedMs() / 1000).toFixed(1).padStart(6)} s`
  }
}
