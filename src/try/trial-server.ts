import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { ErrorBody } from "../protocol/errors.ts"
import type { ServerId } from "../protocol/ids.ts"

export interface TrialServerOptions {
  /** The root of the clone. */
  readonly clone: string
  /** All it writes lies here, except what is worth keeping for the next start. */
  readonly folder: string
  /** The home folder of an agent that is run directly, so that nothing is left in the account's own, if it has one. */
  readonly home: string
  readonly cacheFolder: string
  readonly signal: AbortSignal
}

/** A server of the trial's own, as `windfall up` starts one. */
export interface TrialServer extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly id: ServerId
  /** The line that lets the server in; `null` where there is no ssh to make a key with. */
  readonly sshKey: string | null
  /** The private half. */
  readonly identityFile: string
}

/** What the server prints once it answers. */
interface ReadyLine {
  readonly url: string
  readonly server: ServerId
  readonly firstToken: { readonly token: string }
  readonly sshKey: string | null
}

/** After that it is killed: nothing in its folder is worth waiting longer for. */
const LEAVE_MS = 20_000

/** Starts it in a session of its own, so that Ctrl-C does not end it before those who still need it. */
export async function startTrialServer(options: TrialServerOptions): Promise<TrialServer> {
  const { clone, folder, home, cacheFolder, signal } = options
  signal.throwIfAborted()
  const data = join(folder, "data")
  const args = [join(clone, "src/server/main.ts"), "--data", data, "--port", "0"]
  args.push("--key-file", join(folder, "secrets.key"), "--cache", cacheFolder)
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: home },
    detached: true,
  })
  const end = () => endProcess(child)
  const said: string[] = []
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line))
  try {
    for await (const line of createInterface({ input: child.stdout, signal })) {
      const { url, server, firstToken, sshKey } = JSON.parse(line) as ReadyLine
      const identityFile = join(data, "ssh/id_ed25519")
      return { url, token: firstToken.token, id: server, sshKey, identityFile, [Symbol.asyncDispose]: end }
    }
    throw new Error(`the server did not start: ${reasonOf(said.at(-1) ?? "it said nothing")}`)
  } catch (error) {
    await end()
    throw error
  }
}

/** A server that cannot start says why as JSON. */
function reasonOf(line: string): string {
  try {
    const { message, hint } = (JSON.parse(line) as ErrorBody).error
    return hint === undefined ? message : `${message}. ${hint}`
  } catch {
    return line
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), LEAVE_MS)
  await ended
  clearTimeout(timer)
}
