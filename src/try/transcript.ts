import { type SpawnOptions, spawn } from "node:child_process"
import { once } from "node:events"
import type { Writable } from "node:stream"

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
   * Shows and runs a command; each line it prints is stamped with the time it came.
   * @returns its exit code, 128 + n for a signal
   */
  async run(shown: string, program: string, args: readonly string[], options: SpawnOptions): Promise<number> {
    this.say(`$ ${shown}`)
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
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
    const [code] = (await once(child, "close")) as [number | null, NodeJS.Signals | null]
    return code ?? 128
  }

  #stamp(): string {
    return `${(this.#elapsedMs() / 1000).toFixed(1).padStart(6)} s`
  }
}
