import { WindfallError } from "../protocol/errors.ts"
import type { ServerId } from "../protocol/ids.ts"
import { keyOf } from "../protocol/key-line.ts"
import { instanceText, type ServerInstance } from "../protocol/server-instance.ts"
import { readAgentGreeting } from "./agent-greeting.ts"
import type { ChildLink } from "./child-link.ts"
import { readPieces } from "./file-pieces.ts"
import type { HostShell } from "./host-shell.ts"
import type { Payload, PayloadFile } from "./payload.ts"
import { LEAVE_SCRIPT, type RemoteScript, remoteScript, ScriptReader } from "./remote-script.ts"
import type { ProbeFacts } from "./system-check.ts"

export interface RemoteHostOptions {
  readonly shell: HostShell
  readonly server: ServerId
  readonly instance: ServerInstance
  /** Windfall's folder on the host, absolute or below the home folder. */
  readonly root: string
  /** It has this server's folder since it joined. Where that is gone its owner has taken Windfall off: nothing is put there. */
  readonly joined?: boolean
  /** More for the agent's command line; plain words. */
  readonly agentArguments?: readonly string[]
}

/** Something that was on a host and is no more. */
export interface WentAway {
  readonly what: string
  readonly bytes: number
}

/** From one word of the script to the next. A Mac that spins up its disk or asks a directory service takes seconds. */
const ANSWER_MS = 30_000

export interface StartAgentOptions {
  readonly signal: AbortSignal
  /** Looks at the whole of Node's binary too, not only at its size. */
  readonly thorough: boolean
  readonly takeOver: boolean
  /** Told of a file that came to be there without being sent. */
  readonly onPlaced?: ((path: string) => void) | undefined
}

/** What bootstrap.sh can do on one host; each call is one shell there that is gone when the call has ended. */
export class RemoteHost {
  readonly #options: RemoteHostOptions

  constructor(options: RemoteHostOptions) {
    this.#options = options
  }

  get address(): string {
    return this.#options.shell.name
  }

  /** Looks at the machine; changes nothing. @throws {WindfallError} what kept ssh from getting there */
  async probe(signal: AbortSignal): Promise<ProbeFacts> {
    const facts = new Map<string, string>()
    await this.#run({ mode: "probe" }, signal, async (next) => {
      for (let line = await next(); line !== "done"; line = await next()) {
        const [, name = "", value = ""] = /^fact (\S+) ?(.*)$/.exec(line) ?? []
        if (name !== "" && facts.size < 100) facts.set(name, value.trim())
      }
    })
    return facts
  }

  /** Which files of the payload are missing there or are not what they should be, by path. */
  async missing(
    payload: Payload,
    options: { readonly signal: AbortSignal; readonly thorough: boolean },
  ): Promise<string[]> {
    const missing: string[] = []
    await this.#run({ mode: "check", ...startVariables(payload, options.thorough) }, options.signal, async (next) => {
      for (let line = await next(); line !== "complete" && line !== "incomplete"; line = await next()) {
        if (line.startsWith("missing ")) missing.push(line.slice("missing ".length))
      }
    })
    return missing
  }

  /**
   * Sends one file and puts it in place once its hash is right. Goes on where an earlier try broke off.
   * @param onProgress is told the bytes that are there
   */
  async send(file: PayloadFile, signal: AbortSignal, onProgress: (bytes: number) => void = () => {}): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await this.#sendOnce(file, signal, onProgress)
      if (answer === "received") return
      // What was there from an earlier try was not the beginning of this file; it is gone now.
      if (answer !== "mismatch" || tries > 0) {
        throw new WindfallError(
          "corrupt_data",
          `Cannot send ${file.path} to ${this.address}: it arrives changed (${answer})`,
        )
      }
    }
  }

  /**
   * Starts the agent and returns the link to it, right after its first line: HTTP/2 follows. The caller disposes of it.
   * Returns the paths of missing files instead when there are any.
   * @throws {WindfallError} what kept ssh or the agent from starting; host_claimed and others as the agent says them
   */
  async startAgent(payload: Payload, options: StartAgentOptions): Promise<ChildLink | string[]> {
    const { link, reader, exchange } = this.#open(
      { mode: "start", ...startVariables(payload, options.thorough), options: this.#agentOptions(options.takeOver) },
      options.signal,
    )
    try {
      const missing: string[] = []
      await exchange(async (next, signal) => {
        for (let line = await next(); line !== "start" && line !== "incomplete"; line = await next()) {
          if (line.startsWith("placed ")) options.onPlaced?.(line.slice("placed ".length))
          if (line.startsWith("missing ")) missing.push(line.slice("missing ".length))
        }
        if (missing.length === 0) await readAgentGreeting(reader, link, this.address, signal)
      })
      if (missing.length === 0) {
        reader.release()
        return link
      }
      await link[Symbol.asyncDispose]()
      return missing
    } catch (error) {
      await link[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Takes files back: what a join that came to nothing has put there, or this server's folder and claim. */
  async remove(
    paths: readonly string[],
    options: { readonly unclaim: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const variables = { mode: "remove", remove: paths.join("\n"), unclaim: options.unclaim ? "yes" : "no" }
    await this.#run(variables, options.signal, async (next) => {
      while ((await next()) !== "removed");
    })
  }

  /**
   * Takes all of this server off the host, its key line too, and has a last look that nothing is left. Attempts that still run
   * there are asked to end. `null` where the host belongs to a copy of this server by now: then nothing was touched.
   * @param publicLine what lets this server in; `null` where no ssh leads there
   * @throws {WindfallError} host_refused with what could not be removed: a second call does the rest
   */
  async leave(publicLine: string | null, signal: AbortSignal): Promise<readonly WentAway[] | null> {
    const keys = publicLine === null ? { keys: "no" } : { keys: "yes", key: keyOf(publicLine) }
    const went: WentAway[] = []
    let isOurs = true
    await this.#run(
      { cause: "preempted", fetch_s: "0", ...keys },
      signal,
      async (next) => {
        for (let line = await next(); !/^(clean|elsewhere)\b/.test(line); line = await next()) {
          const [, kb, what] = /^went (\d+) (.{1,200})$/.exec(line) ?? []
          if (what !== undefined && went.length < 100) went.push({ what, bytes: Number(kb) * 1024 })
          isOurs = !line.startsWith("elsewhere")
        }
      },
      LEAVE_SCRIPT,
    )
    return isOurs ? went : null
  }

  #agentOptions(takeOver: boolean): string {
    const { agentArguments = [], instance } = this.#options
    return [...agentArguments, "--instance", instanceText(instance), ...(takeOver ? ["--take-over"] : [])].join(" ")
  }

  async #sendOnce(file: PayloadFile, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<string> {
    const { path, sha256, permissions, bytes } = file
    const variables = { mode: "receive", path, sha256, permissions, bytes: `${bytes}` }
    let answer = ""
    await this.#run(variables, signal, async (next, { link, alive }) => {
      const [, there = ""] = /^offset (\d+)$/.exec(await next()) ?? []
      // More than the whole is never the beginning of it: the host then finds the hash wrong and starts afresh.
      let sent = Math.min(Number(there), bytes)
      let answered = false
      const verdict = next().finally(() => {
        answered = true
      })
      verdict.catch(() => {})
      let written = Promise.resolve()
      for await (const piece of readPieces(file.source, sent)) {
        await Promise.race([written, verdict])
        if (answered) break // a full disk says so early
        written = write(link, piece)
        alive()
        sent += piece.length
        onProgress(sent)
      }
      link.socket.end()
      answer = await verdict
    })
    return answer
  }

  async #run(
    variables: Readonly<Record<string, string>>,
    signal: AbortSignal,
    talk: (
      next: () => Promise<string>,
      line: { readonly link: ChildLink; readonly alive: () => void },
    ) => Promise<void>,
    text?: string,
  ): Promise<void> {
    const { link, exchange, alive } = this.#open(variables, signal, text)
    try {
      await exchange((next) => talk(next, { link, alive }))
    } finally {
      await link[Symbol.asyncDispose]()
    }
  }

  /** Starts ssh with a script. `exchange` reads its lines, each of which must come in time, and explains what went wrong. */
  #open(variables: Readonly<Record<string, string>>, signal: AbortSignal, text?: string) {
    const { shell, server, instance, root, joined = false } = this.#options
    const known = { root, server, place: instance.place, joined: joined ? "yes" : "no" }
    const script: RemoteScript = remoteScript({ ...DEFAULTS, ...known, ...variables }, text)
    const link = shell.open()
    link.socket.write(script.text)
    const reader = new ScriptReader(link, script.mark)
    const quiet = new AbortController()
    const limited = AbortSignal.any([signal, quiet.signal])
    const timer = setTimeout(() => quiet.abort(noAnswer(shell.name)), ANSWER_MS)
    const alive = () => timer.refresh()
    const next = async (): Promise<string> => {
      const line = await reader.next(limited)
      alive()
      if (line === null) throw await this.#ended(link)
      const [, code, reason] = /^fail (\S+) (.*)$/.exec(line) ?? []
      if (reason !== undefined) throw hostProblem(shell.name, code ?? "", reason)
      return line
    }
    const exchange = async (
      talk: (next: () => Promise<string>, signal: AbortSignal) => Promise<void>,
    ): Promise<void> => {
      try {
        await talk(next, limited)
      } catch (error) {
        if (limited.aborted) link.kill()
        throw error
      } finally {
        clearTimeout(timer)
      }
    }
    return { link, reader, exchange, alive }
  }

  async #ended(link: ChildLink): Promise<WindfallError> {
    return this.#options.shell.explain(await link.end())
  }
}

const DEFAULTS = { offer: "", files: "", thorough: "no", options: "", remove: "", unclaim: "no" }

function startVariables(payload: Payload, thorough: boolean): Record<string, string> {
  const { node, agent } = payload
  return {
    node: node.path,
    node_bytes: `${node.bytes}`,
    node_sha256: node.sha256,
    offer: node.source,
    thorough: thorough ? "yes" : "no",
    files: agent.map((file) => `${file.sha256} ${file.path}`).join("\n"),
    agent: agent[0].path,
    leave: LEAVE_SCRIPT,
  }
}

function noAnswer(address: string): WindfallError {
  return new WindfallError(
    "host_unreachable",
    `Cannot reach ${address}: the login did not answer within ${ANSWER_MS / 1000} s`,
    {
      hint: "Log in there by hand with ssh: does its profile wait for something?",
    },
  )
}

function hostProblem(address: string, code: string, reason: string): WindfallError {
  if (code === "left") return new WindfallError("host_left", `Cannot use ${address}: ${reason}`)
  if (code === "left_over") return new WindfallError("host_refused", `Cannot clean ${address}: ${reason}`)
  return new WindfallError(code === "disk" ? "disk_full" : "host_refused", `Cannot prepare ${address}: ${reason}`)
}

/** Resolves once the piece is handed over or the link is no more. */
function write({ socket }: ChildLink, piece: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(piece, () => resolve()))
}
