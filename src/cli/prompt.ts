import { WindfallError } from "../protocol/errors.ts"
import { nodeReadline } from "./builtin.ts"
import type { Cli } from "./cli.ts"
import { printableLines } from "./render/table.ts"

const CTRL_C = "\x03"
const CTRL_D = "\x04"

/** Waits for one of the keys; Enter is `enter`. Ctrl-C is `interrupt`. For terminals only. */
export async function askKey<Answer>(
  cli: Cli,
  question: string,
  keys: Readonly<Record<string, Answer>>,
  special: { readonly enter: Answer; readonly interrupt: Answer },
): Promise<Answer> {
  await cli.stderr.write(printableLines(question))
  const { stdin } = process
  let typed = ""
  stdin.setRawMode(true)
  stdin.resume()
  try {
    return await new Promise<Answer>((resolve) => {
      const onData = (chunk: Buffer) => {
        for (const key of chunk.toString("utf8").toLowerCase()) {
          const answer = key === CTRL_C ? special.interrupt : key === "\r" || key === "\n" ? special.enter : keys[key]
          if (answer === undefined) continue
          stdin.off("data", onData)
          typed = key >= " " ? key : ""
          resolve(answer)
          return
        }
      }
      stdin.on("data", onData)
    })
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    await cli.stderr.write(`${typed}\n`)
  }
}

/** A yes or no; Enter means no, Ctrl-C too. */
export function askYes(cli: Cli, question: string): Promise<boolean> {
  return askKey(cli, `${question} [y/N] `, { y: true, n: false }, { enter: false, interrupt: false })
}

/** A line typed at the terminal. @throws {WindfallError} when it is ended by Ctrl-D or Ctrl-C */
export async function askLine(question: string): Promise<string> {
  const lines = nodeReadline().createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.on("close", () => reject(nothingGiven()))
      lines.question(question, resolve)
    })
  } finally {
    lines.close()
  }
}

/** A secret typed at the terminal, without echo. @throws {WindfallError} when none is given */
export async function askSecret(cli: Cli, question: string): Promise<string> {
  await cli.stderr.write(question)
  const { stdin } = process
  stdin.setRawMode(true)
  stdin.resume()
  let typed = ""
  try {
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Buffer) => {
        for (const key of chunk.toString("utf8")) {
          if (key === CTRL_C || key === CTRL_D) return stop(() => reject(nothingGiven()))
          if (key === "\r" || key === "\n") return stop(resolve)
          if (key === "\x7f" || key === "\b") typed = [...typed].slice(0, -1).join("")
          else if (key === "\x15") typed = ""
          else if (key >= " ") typed += key
        }
      }
      const stop = (settle: () => void) => {
        stdin.off("data", onData)
        settle()
      }
      stdin.on("data", onData)
    })
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    await cli.stderr.write("\n")
  }
  return typed.trim()
}

/** All of standard input as text, at most `maxBytes`. @throws {WindfallError} `too_large` */
export async function readStdinText(maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length
    if (bytes > maxBytes) {
      throw new WindfallError("too_large", `Cannot read standard input: it has more than ${maxBytes} bytes`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString("utf8")
}

function nothingGiven(): WindfallError {
  return new WindfallError("invalid_input", "Cannot go on: nothing was given")
}
