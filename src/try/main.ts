/**
 * `windfall try`: the whole way of a job on this one machine, with a server, a host and a folder that are gone
 * afterwards. It calls the same programs a person would; nothing here is a shortcut but the agent without ssh, where
 * no sshd can be had.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type LoopbackSshd, startLoopbackSshd } from "./loopback-sshd.ts"
import { Transcript } from "./transcript.ts"

const CLONE = join(import.meta.dirname, "../..")
const CACHE = join(CLONE, ".cache")

interface ReadyServer {
  readonly url: string
  readonly token: string
  /** The line that lets the server in. */
  readonly sshKey: string
  readonly child: ChildProcess
}

/** What the server prints once it answers. */
interface ReadyLine {
  readonly url: string
  readonly firstToken: { readonly token: string }
  readonly sshKey: string
}

async function main(): Promise<number> {
  const stopping = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  }
  const transcript = new Transcript(process.stdout, () => performance.now())
  // Short: sockets below it have paths of at most 104 bytes on a Mac.
  const folder = mkdtempSync(join(tmpdir(), "windfall-try-"))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  try {
    return await tryOut(transcript, folder, stack, stopping.signal)
  } catch (error) {
    transcript.say(`Cannot finish the trial: ${(error as Error).message}`)
    return 125
  }
}

async function tryOut(
  transcript: Transcript,
  folder: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<number> {
  transcript.say(
    `Windfall on ${process.platform} ${process.arch}, Node ${process.versions.node}; nothing of this stays`,
  )
  const server = await startServer(folder, signal)
  stack.defer(() => endServer(server.child))
  transcript.say(`server: ${server.url}, its embedded database in ${folder}`)

  const env = environment(folder, server)
  const windfall = (...args: string[]) =>
    transcript.run(`windfall ${args.map(quote).join(" ")}`, join(CLONE, "windfall"), args, {
      cwd: workFolder,
      env,
      signal,
    })
  const workFolder = copyExample()

  const sshd = await startSshd(folder, server, transcript, signal)
  if (sshd !== undefined) {
    stack.use(sshd)
    stack.defer(() => endServer(server.child)) // first the links, then what they lead to
  }
  const joined =
    sshd === undefined
      ? await windfall("host", "add", `local:${join(folder, "host")}`, "--name", "this-machine")
      : await windfall(
          "host",
          "add",
          sshd.address,
          "--port",
          String(sshd.port),
          "--name",
          "this-machine",
          "--fingerprint",
          sshd.fingerprint,
        )
  if (joined !== 0) return 125
  const exitCode = await windfall("send", "--name", "digits", "--output", "results/**", "--", "sh", "train.sh")
  if (exitCode !== 0) return exitCode
  tellResult(transcript, join(workFolder, "results"))
  return 0
}

/** A fresh copy in the clone's cache: what comes home lands there and stays to be looked at. */
function copyExample(): string {
  const folder = join(CACHE, "try", "digits")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(CLONE, "examples/digits"), folder, { recursive: true })
  return folder
}

async function startSshd(
  folder: string,
  server: ReadyServer,
  transcript: Transcript,
  signal: AbortSignal,
): Promise<LoopbackSshd | undefined> {
  const own = join(folder, "sshd")
  mkdirSync(own, { mode: 0o700 })
  mkdirSync(join(folder, "home"), { mode: 0o700 })
  try {
    const sshd = await startLoopbackSshd({
      folder: own,
      home: join(folder, "home"),
      cacheFolder: CACHE,
      authorizedKey: server.sshKey,
      signal,
    })
    const whose = sshd.origin === "installed" ? "this machine's sshd" : "an sshd unpacked into the clone's cache"
    transcript.say(`host: this machine over real SSH, ${whose}, on 127.0.0.1:${sshd.port}`)
    return sshd
  } catch (error) {
    signal.throwIfAborted()
    transcript.say(`host: this machine with the agent run directly, without SSH: ${(error as Error).message}`)
    return undefined
  }
}

async function startServer(folder: string, signal: AbortSignal): Promise<ReadyServer> {
  const args = [join(CLONE, "src/server/main.ts"), "--data", join(folder, "data"), "--port", "0"]
  args.push("--key-file", join(folder, "secrets.key"), "--cache", CACHE)
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
  const said: string[] = []
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line))
  try {
    for await (const line of createInterface({ input: child.stdout, signal })) {
      const { url, firstToken, sshKey } = JSON.parse(line) as ReadyLine
      return { url, token: firstToken.token, sshKey, child }
    }
  } catch (error) {
    await endServer(child)
    throw error
  }
  throw new Error(`the server did not start: ${said.at(-1) ?? "it said nothing"}`)
}

async function endServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  await ended
}

/** The person's own login, states and caches are not touched. */
function environment(folder: string, server: ReadyServer): NodeJS.ProcessEnv {
  return {
    ...process.env,
    WINDFALL_URL: server.url,
    WINDFALL_TOKEN: server.token,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    XDG_CACHE_HOME: join(folder, "cache"),
  }
}

function tellResult(transcript: Transcript, results: string): void {
  const file = join(results, "results.json")
  if (!existsSync(file)) return
  const { accuracy } = JSON.parse(readFileSync(file, "utf8")) as { accuracy?: number }
  if (accuracy !== undefined) {
    transcript.say(
      `The network reads ${(accuracy * 100).toFixed(1)} % of digits it has never seen. Look: ${join(results, "report.png")}`,
    )
  }
  transcript.say("Next: windfall up, then windfall host add you@your-mac (README, first five minutes)")
}

function quote(word: string): string {
  const short = word.startsWith(homedir()) ? `~${word.slice(homedir().length)}` : word
  return /^[\w@%+=:,./~-]+$/.test(short) ? short : `'${short}'`
}

process.exitCode = await main()
