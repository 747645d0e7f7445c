import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { KEY_FILE } from "../protocol/key-file.ts"
import type { ChildLink } from "./child-link.ts"

const BOOTSTRAP = readFileSync(join(import.meta.dirname, "bootstrap.sh"), "utf8")
/** What takes Windfall off an account. Each host has it as ~/.windfall/leave, for its owner. */
export const LEAVE_SCRIPT: string = readFileSync(join(import.meta.dirname, "leave.sh"), "utf8")
  .replace("@key_file@\n", () => KEY_FILE)
  .trimEnd()
/** What profile files may print before our first line, and the longest line of ours. */
const MAX_NOISE_BYTES = 1024 * 1024

/** One run of bootstrap.sh, or of another script that speaks as it does: the text for stdin, and the mark that begins each line meant for us. */
export interface RemoteScript {
  readonly mark: string
  readonly text: string
}

/**
 * Puts the variables (`wf_` is added to their names) before the script. The mark is random, so that nothing a profile
 * file prints can be taken for ours.
 */
export function remoteScript(variables: Readonly<Record<string, string>>, script = BOOTSTRAP): RemoteScript {
  const mark = `WINDFALL-${randomBytes(12).toString("hex")}`
  const all = { mark, newline: "\n", ...variables }
  const lines = Object.entries(all).map(([name, value]) => `wf_${name}=${quote(value)}`)
  return { mark, text: `${lines.join("\n")}\n${script}\n` }
}

/** @throws {WindfallError} invalid_input for a NUL byte, which no shell can hold */
export function quote(value: string): string {
  if (value.includes("\0")) throw new WindfallError("invalid_input", "Cannot pass a NUL byte to a shell")
  return `'${value.replaceAll("'", "'\\''")}'`
}

/**
 * Reads what a script says, line by line, from noise and all. What comes after the last line taken stays unread in the
 * stream, so that another reader can go on from there.
 */
export class ScriptReader {
  readonly #link: ChildLink
  readonly #mark: string
  #rest: Buffer = Buffer.alloc(0)
  #noiseBytes = 0

  constructor(link: ChildLink, mark: string) {
    this.#link = link
    this.#mark = `${mark} `
  }

  /**
   * The next line of ours, without its mark; `null` at the end of the stream.
   * @throws {WindfallError} corrupt_data when there is noise without end
   */
  async next(signal: AbortSignal): Promise<string | null> {
    while (true) {
      const line = await this.nextRaw(signal)
      if (line === null) return null
      if (line.startsWith(this.#mark)) return line.slice(this.#mark.length)
      this.#noiseBytes += line.length
      if (this.#noiseBytes > MAX_NOISE_BYTES) {
        throw new WindfallError("corrupt_data", "Cannot understand the host: its profile files print without end", {
          hint: "Look at .bashrc, .zshenv and the like of the account: print only where a terminal is",
        })
      }
    }
  }

  /** The next line, whoever wrote it; `null` at the end of the stream. */
  async nextRaw(signal: AbortSignal): Promise<string | null> {
    while (true) {
      const end = this.#rest.indexOf(10)
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end)
        this.#rest = this.#rest.subarray(end + 1)
        return line.endsWith("\r") ? line.slice(0, -1) : line
      }
      if (this.#rest.length > MAX_NOISE_BYTES)
        throw new WindfallError("corrupt_data", "Cannot understand the host: it prints a line without end")
      const chunk = await this.#read(signal)
      if (chunk === null) return null
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    }
  }

  /** Hands what was read too much back to the stream. Nothing is read here after this. */
  release(): void {
    if (this.#rest.length > 0) this.#link.socket.unshift(this.#rest)
    this.#rest = Buffer.alloc(0)
  }

  #read(signal: AbortSignal): Promise<Buffer | null> {
    const { socket } = this.#link
    return new Promise((resolve, reject) => {
      const look = () => {
        const chunk = socket.read() as Buffer | null
        if (chunk !== null) done(() => resolve(chunk))
        else if (socket.readableEnded || socket.destroyed) done(() => resolve(null))
      }
      const onEnd = () => done(() => resolve(null))
      const onAbort = () => done(() => reject(signal.reason))
      const done = (settle: () => void) => {
        socket.off("readable", look).off("end", onEnd).off("close", onEnd)
        signal.removeEventListener("abort", onAbort)
        settle()
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener("abort", onAbort, { once: true })
      socket.on("readable", look).on("end", onEnd).on("close", onEnd)
      look()
    })
  }
}
