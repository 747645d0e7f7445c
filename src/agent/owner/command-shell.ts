import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"

/** What no command asked here prints. */
const MOST_OUTPUT_BYTES = 16 * 1024 * 1024
/** Requests that name a process come only once. */
const MOST_FUNCTIONS = 50

/** What one command printed on its standard output, and how it ended: 127 where it is not there. */
export interface CommandAnswer {
  readonly text: string
  readonly status: number
}

interface Asked {
  readonly line: string
  readonly mark: string
  readonly count: number
  readonly timeoutMs: number
  readonly resolve: (answers: CommandAnswer[]) => void
  readonly reject: (reason: Error) => void
}

/**
 * A `/bin/sh` that stays and runs what it is asked to, one request after the other: a command from it costs a small fork, while one from
 * this process costs the fork of all of it. Where it hangs or dies, it is killed with all it has started, and begun anew at the next
 * request. It ends with this process.
 */
export class CommandShell implements Disposable {
  readonly #token = randomBytes(8).toString("hex")
  /** What was asked once is a function from then on: the shell reads its input byte by byte. */
  readonly #functions = new Map<string, string>()
  readonly #waiting: Asked[] = []
  #shell: ChildProcess | undefined
  #asked: Asked | undefined
  #timer: NodeJS.Timeout | undefined
  #output = ""
  #count = 0

  /** Of the shell that runs now. */
  get pid(): number | undefined {
    return this.#shell?.pid
  }

  /**
   * Runs commands one after the other, each as sh reads it, without input; what they print on standard error is dropped.
   * @param timeoutMs for all of them together, from when it is their turn
   * @throws when they did not end in time, or the shell died
   */
  run(commands: readonly string[], timeoutMs: number): Promise<CommandAnswer[]> {
    const mark = `${this.#token}-${++this.#count}`
    const body = commands.map((text) => `{ ${text}; } </dev/null 2>/dev/null; printf '\\n=%s %s\\n' "$1" $?`).join("\n")
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: body, mark, count: commands.length, timeoutMs, resolve, reject })
      this.#next()
    })
  }

  /** Ends it; what is asked for is answered with an error. */
  [Symbol.dispose](): void {
    this.#end(new Error("it is not asked any more"))
    for (const one of this.#waiting.splice(0)) one.reject(new Error("it is not asked any more"))
  }

  #next(): void {
    if (this.#asked !== undefined) return
    const asked = this.#waiting.shift()
    if (asked === undefined) return
    this.#asked = asked
    this.#output = ""
    this.#timer = setTimeout(() => this.#end(new Error(`no answer within ${asked.timeoutMs} ms`)), asked.timeoutMs)
    try {
      this.#shell ??= this.#start()
      this.#shell.stdin?.write(this.#define(asked.line, asked.mark))
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #define(body: string, mark: string): string {
    const known = this.#functions.get(body)
    if (known === undefined && this.#functions.size >= MOST_FUNCTIONS) this.#functions.clear()
    const name = known ?? `f${this.#functions.size}`
    if (known === undefined) this.#functions.set(body, name)
    return `${known === undefined ? `${name}() {\n${body}\n}\n` : ""}${name} ${mark}\n`
  }

  #start(): ChildProcess {
    this.#functions.clear()
    const shell = spawn("/bin/sh", [], {
      // A group of its own, to be ended with all it runs.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
      cwd: "/",
      env: { LC_ALL: "C", LANG: "C", TZ: "UTC", PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    })
    shell.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(shell, text))
    const ended = (reason: string) => {
      if (shell === this.#shell) this.#end(new Error(reason))
    }
    shell.on("error", (error) => ended(error.message))
    shell.on("exit", () => ended("the shell has ended"))
    shell.stdin?.on("error", () => ended("the shell takes nothing any more"))
    // Nobody has to wait for it: it sees the end of its input.
    shell.unref()
    for (const pipe of [shell.stdin, shell.stdout]) (pipe as unknown as { unref?: () => void } | null)?.unref?.()
    return shell
  }

  #read(shell: ChildProcess, text: string): void {
    if (shell !== this.#shell || this.#asked === undefined) return
    this.#output += text
    if (this.#output.length > MOST_OUTPUT_BYTES) {
      this.#end(new Error("it printed too much"))
      return
    }
    // The last line of an answer is its own mark.
    if (!text.endsWith("\n")) return
    const { mark, count, resolve } = this.#asked
    const answers = answersIn(this.#output, mark)
    if (answers.length < count) return
    this.#settle()
    resolve(answers)
    this.#next()
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#asked = undefined
    this.#output = ""
  }

  #end(reason: Error): void {
    const shell = this.#shell
    const asked = this.#asked
    this.#shell = undefined
    this.#settle()
    if (shell?.pid !== undefined) {
      try {
        process.kill(-shell.pid, "SIGKILL")
      } catch {
        // It is gone, and all it ran.
      }
    }
    asked?.reject(reason)
    this.#next()
  }
}

/** What stands before each line `=MARK STATUS`, without the line feed that was printed with it. */
function answersIn(output: string, mark: string): CommandAnswer[] {
  const answers: CommandAnswer[] = []
  const end = `\n=${mark} `
  for (let from = 0; ; ) {
    const at = output.indexOf(end, from)
    const after = output.indexOf("\n", at + end.length)
    if (at === -1 || after === -1) return answers
    answers.push({ text: output.slice(from, at), status: Number(output.slice(at + end.length, after)) })
    from = after + 1
  }
}
