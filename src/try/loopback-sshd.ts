import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { userInfo } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import { promisify } from "node:util"
import { findSshd, type SshdBinary } from "../ssh/sshd-binary.ts"

const run = promisify(execFile)

export interface LoopbackSshdOptions {
  /** For its keys and configuration; must exist, 0700. */
  readonly folder: string
  /** What its sessions take for the account's home folder, so that nothing is left in the real one. */
  readonly home: string
  /** Where an sshd unpacked from the distribution's package is kept. */
  readonly cacheFolder: string
  /** The only key that may enter. */
  readonly authorizedKey: string
  readonly signal: AbortSignal
}

/** An OpenSSH server on a high port of the loopback interface, for this very account and one key. */
export interface LoopbackSshd extends AsyncDisposable {
  readonly port: number
  /** "user@127.0.0.1" */
  readonly address: string
  /** "SHA256:..." of its key. */
  readonly fingerprint: string
  readonly origin: SshdBinary["origin"]
}

const LOOK_MS = 50
const MOST_LOOKS = 60

/** Where sshd run by root wants an empty folder, and an account named sshd. */
const SEPARATION_FOLDER = "/run/sshd"

/**
 * Starts it as the calling account, so nobody's own sshd or configuration is touched.
 * @throws {WindfallError} or Error saying why this machine cannot
 */
export async function startLoopbackSshd(options: LoopbackSshdOptions): Promise<LoopbackSshd> {
  const sshd = await findSshd(options.cacheFolder, options.signal)
  const key = join(options.folder, "host_key")
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "windfall-try", "-f", key])
  const { stdout } = await run("ssh-keygen", ["-l", "-f", `${key}.pub`])
  const port = await freePort()
  writeFileSync(join(options.folder, "authorized_keys"), `${options.authorizedKey}\n`, { mode: 0o600 })
  writeFileSync(join(options.folder, "sshd_config"), configuration(options, port, sshd), { mode: 0o600 })

  const separation = await prepareSeparation(options.folder)
  const serve = [sshd.path, "-D", "-e", "-f", join(options.folder, "sshd_config")]
  const [program = "", ...args] = [...separation.entry, ...serve]
  const env = sshd.libraryPath === null ? {} : { LD_LIBRARY_PATH: sshd.libraryPath }
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env.PATH, ...env } })
  const stop = async () => {
    await sessionsEnded(child)
    await endChild(child)
    separation.undo()
  }
  try {
    await listening(child, options.signal)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    address: `${userInfo().username}@127.0.0.1`,
    fingerprint: /SHA256:\S+/.exec(stdout)?.[0] ?? "",
    origin: sshd.origin,
    [Symbol.asyncDispose]: stop,
  }
}

function configuration({ folder, home }: LoopbackSshdOptions, port: number, sshd: SshdBinary): string {
  return [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no", // the folder for temporary files is everybody's
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PrintMotd no",
    "UseDNS no",
    `SetEnv HOME=${home} PATH=/usr/bin:/bin:/usr/sbin:/sbin`,
    ...sshd.configuration,
    "",
  ].join("\n")
}

interface Separation {
  /** Words to put before sshd's own. */
  readonly entry: readonly string[]
  readonly undo: () => void
}

/**
 * A root's sshd drops to the account `sshd`, which comes only with an installed package. Where it is missing, a private
 * view of the account list has it; the machine's own stays as it is.
 */
async function prepareSeparation(folder: string): Promise<Separation> {
  if (process.getuid?.() !== 0) return { entry: [], undo: () => {} }
  const made = !existsSync(SEPARATION_FOLDER)
  if (made) mkdirSync(SEPARATION_FOLDER, { recursive: true, mode: 0o755 })
  const undo = () => {
    if (made) rmdirSync(SEPARATION_FOLDER)
  }
  const accounts = readFileSync("/etc/passwd", "utf8")
  if (/^sshd:/m.test(accounts)) return { entry: [], undo }
  const passwd = join(folder, "passwd")
  writeFileSync(passwd, `${accounts.trimEnd()}\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`, { mode: 0o644 })
  const view = `mount --bind '${passwd}' /etc/passwd && exec "$@"`
  return { entry: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", view, "sh"], undo }
}

/** Resolves once it accepts connections; sshd says so on standard error. */
async function listening(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const said: string[] = []
  const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess["stderr"]> })
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(said.at(-1) ?? "sshd ended at once"))
    lines.on("line", (line) => {
      said.push(line)
      if (line.startsWith("Server listening on")) resolve()
    })
    child.once("error", reject)
    child.once("exit", fail)
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  })
  lines.removeAllListeners("line").resume()
}

/** sshd collects its sessions when they end; whatever is left when it is stopped nobody might collect. */
async function sessionsEnded(child: ChildProcess): Promise<void> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const { stdout } = await run("ps", ["-axo", "ppid="])
    if (!stdout.split("\n").some((line) => Number(line) === child.pid)) return
    await setTimeout(LOOK_MS)
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  await ended
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  await once(probe, "close")
  return typeof address === "object" && address !== null ? address.port : 0
}
