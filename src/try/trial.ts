import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { fingerprintOf } from "../ssh/host-key.ts"
import type { HostPlatform } from "../ssh/payload.ts"
import { askIndex, pythonIndex } from "../ssh/python-index.ts"
import { findSshd, type SshdBinary } from "../ssh/sshd-binary.ts"
import { UvShelf } from "../ssh/uv-shelf.ts"
import { proveLogin } from "./loopback-login.ts"
import { type LoopbackSshd, startLoopbackSshd } from "./loopback-sshd.ts"
import type { Transcript } from "./transcript.ts"
import { startTrialServer, type TrialServer } from "./trial-server.ts"

const CLONE = join(import.meta.dirname, "../..")
const CACHE = join(CLONE, ".cache")
const FAILED = 125
const STOPPED = 130
/** Until then the packages have come and the training is done; else there is time left to do without. */
const MLX_TIME = "40s"
/** Others start meanwhile, so it costs nobody time. */
const INDEX_MS = 15_000

/**
 * Starts a server, joins this machine, sends the example and tells what came of it.
 * @param folder is there and empty; all but the example's files lies in it
 * @param stack takes what must be ended, also when this throws
 * @returns the exit code of the command that failed, or 0
 */
export async function tryOut(
  transcript: Transcript,
  folder: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<number> {
  transcript.say(
    `Windfall on ${process.platform} ${process.arch}, Node ${process.versions.node}; nothing of this stays`,
  )
  const home = join(folder, "home")
  mkdirSync(home, { mode: 0o700 })
  const early = fetchEarly(stack, signal)
  const server = stack.use(await startTrialServer({ clone: CLONE, folder, home, cacheFolder: CACHE, signal }))
  transcript.say(`server: ${server.url}, its embedded database in ${folder}`)

  await letJobsRunHere(server, signal)

  const workFolder = copyExample()
  const env = environment(folder, server)
  const windfall = (...args: string[]) => {
    const shown = `windfall ${args.map(quote).join(" ")}`
    return transcript.run({ shown, program: join(CLONE, "windfall"), args, cwd: workFolder, env }, signal)
  }

  const sshd = await startSshd(early.sshd, folder, server, transcript, signal)
  if (sshd !== undefined) {
    stack.use(sshd)
    stack.use(server) // once more: first the links are ended, then what they lead to
  }
  const machine =
    sshd === undefined
      ? [`local:${join(folder, "host")}`]
      : [sshd.address, "--port", String(sshd.port), "--fingerprint", fingerprintOf(sshd.hostKey)]
  const joined = await windfall("host", "add", ...machine, "--name", "this-machine")
  if (joined !== 0) return FAILED
  const send = (...words: string[]) => windfall("send", "--name", "digits", "--output", "results/**", ...words)
  const obstacle = await early.obstacle
  if (obstacle === undefined) {
    const index = env.UV_DEFAULT_INDEX ? ["--env", "UV_DEFAULT_INDEX"] : []
    const trained = await send(...index, "--time", MLX_TIME, "--", "python", "train_mlx.py")
    if (trained === STOPPED) return trained
    if (trained !== 0) transcript.say("MLX could not be had or used here: the same is done once more, without it")
    else return tellResult(transcript, join(workFolder, "results"))
  } else transcript.say(`training without MLX, as its packages are out of reach: ${obstacle}`)
  const exitCode = await send("--", "sh", "train.sh")
  if (exitCode !== 0) return exitCode
  return tellResult(transcript, join(workFolder, "results"))
}

interface Early {
  /** As `findSshd`. */
  readonly sshd: Promise<SshdBinary>
  /** As {@link obstacleToMlx}. */
  readonly obstacle: Promise<string | undefined>
}

/** Begins to fetch what takes a while and waits for the network, as starting a server takes a while and does not. */
function fetchEarly(stack: AsyncDisposableStack, signal: AbortSignal): Early {
  const over = new AbortController()
  const within = AbortSignal.any([signal, over.signal])
  const sshd = findSshd(CACHE, within)
  const obstacle = obstacleToMlx(CACHE, process.env, within)
  const settled = Promise.allSettled([sshd, obstacle])
  stack.defer(async () => {
    over.abort(new Error("the trial is over"))
    await settled
  })
  return { sshd, obstacle }
}

/**
 * Why the example cannot be trained with MLX, in words; `undefined` when nothing is known to be in the way. What is fetched to
 * find out is what the server then sends to the host.
 */
async function obstacleToMlx(
  cacheFolder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const platform = `${process.platform}-${process.arch}` as HostPlatform
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(INDEX_MS)])
    const index = pythonIndex(env)
    await askIndex(index, "mlx", patience)
    await new UvShelf(cacheFolder, index).get(platform, patience)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return (error as Error).message
  }
}

/** A fresh copy in the clone's cache: what comes home lands there and stays to be looked at. */
function copyExample(): string {
  const folder = join(CACHE, "try", "digits")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(CLONE, "examples/digits"), folder, { recursive: true })
  return folder
}

/** Whoever tries it sits at this machine: its jobs do not wait for that to change. */
async function letJobsRunHere({ url, token }: TrialServer, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${url}/v1/fleets/default/policy`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ preset: "nobodys", rules: { on_battery: "yes", low_power_mode: "yes" } }),
    signal,
  })
  if (!answer.ok) throw new Error(`the server does not let jobs run here: ${await answer.text()}`)
}

/** An sshd that is known to let this account in; without one, `undefined`, and why is told. */
async function startSshd(
  found: Promise<SshdBinary>,
  folder: string,
  server: TrialServer,
  transcript: Transcript,
  signal: AbortSignal,
): Promise<LoopbackSshd | undefined> {
  const own = join(folder, "sshd")
  mkdirSync(own, { mode: 0o700 })
  try {
    if (server.sshKey === null) throw new Error("no ssh key could be made (are ssh and ssh-keygen installed?)")
    await using starting = new AsyncDisposableStack()
    const sshd = starting.use(
      await startLoopbackSshd({
        folder: own,
        home: join(folder, "home"),
        sshd: await found,
        authorizedKey: server.sshKey,
        signal,
      }),
    )
    await proveLogin(sshd, { server: server.id, identityFile: server.identityFile, folder: own, signal })
    const whose = sshd.origin === "installed" ? "this machine's sshd" : "an sshd unpacked into the clone's cache"
    transcript.say(`host: this machine over real SSH, ${whose}, on 127.0.0.1:${sshd.port}`)
    starting.move()
    return sshd
  } catch (error) {
    signal.throwIfAborted()
    transcript.say(`host: this machine with the agent run directly, without SSH: ${(error as Error).message}`)
    return undefined
  }
}

/** The person's own login, states and caches are not touched. */
function environment(folder: string, server: TrialServer): NodeJS.ProcessEnv {
  return {
    ...process.env,
    WINDFALL_URL: server.url,
    WINDFALL_TOKEN: server.token,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    XDG_CACHE_HOME: join(folder, "cache"),
  }
}

function tellResult(transcript: Transcript, results: string): number {
  const file = join(results, "results.json")
  if (!existsSync(file)) return 0
  const { accuracy } = JSON.parse(readFileSync(file, "utf8")) as { accuracy?: number }
  if (accuracy !== undefined) {
    transcript.say(
      `The network reads ${(accuracy * 100).toFixed(1)} % of digits it has never seen. Look: ${join(results, "report.png")}`,
    )
  }
  transcript.say("Next: ./windfall up --detach, then ./windfall host add you@your-mac (README, first five minutes)")
  return 0
}

function quote(word: string): string {
  const home = process.env.HOME || homedir()
  const short = word.startsWith(`${home}/`) ? `~${word.slice(home.length)}` : word
  return /^[\w@%+=:,./~-]+$/.test(short) ? short : `'${short}'`
}
