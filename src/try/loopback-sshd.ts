import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { userInfo } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import type { SshdBinary } from "../ssh/sshd-binary.ts"
import { childrenGone } from "./processes.ts"

const run = promisify(execFile)

export interface LoopbackSshdOptions {
  /** For its keys and configuration; must exist, 0700. */
  readonly folder: string
  /** What its sessions take for the account's home folder, so that nothing is left in the real one. */
  readonly home: string
  readonly sshd: SshdBinary
  /** The only key that may enter. */
  readonly authorizedKey: string
  readonly signal: AbortSignal
}

/** An OpenSSH server on a high port of the loopback interface, for this very account and one key. */
export interface LoopbackSshd extends AsyncDisposable {
  readonly port: number
  readonly user: string
  /** "user@127.0.0.1" */
  readonly address: string
  /** "ssh-ed25519 AAAA..." */
  readonly hostKey: string
  readonly origin: SshdBinary["origin"]
  /** Why it last refused somebody, in its own words; `null` when it said nothing of the kind. */
  refusal(): string | null
}

/** "User nobody not allowed because account is locked", "Authentication refused: bad ownership ..." */
const REFUSAL = /not allowed because|refused|denied/i
const LINES_KEPT = 50
const SESSIONS_MS = 3_000

/** Where sshd run by root wants an empty folder, and an account named sshd. */
const SEPARATION_FOLDER = "/run/sshd"

/**
 * Starts it as the calling account, so nobody's own sshd or configuration is touched.
 * @throws Error saying why this machine cannot
 */
export async function startLoopbackSshd(options: LoopbackSshdOptions): Promise<LoopbackSshd> {
  const user = accountName()
  const { sshd } = options
  const key = join(options.folder, "host_key")
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "windfall-try", "-f", key])
  const hostKey = readFileSync(`${key}.pub`, "utf8").split(" ", 2).join(" ")
  const port = await freePort()
  writeFileSync(join(options.folder, "authorized_keys"), `${options.authorizedKey}\n`, { mode: 0o600 })
  writeFileSync(join(options.folder, "sshd_config"), configuration(options, port), { mode: 0o600 })

  const separation = await prepareSeparation(options.folder)
  const serve = [sshd.path, "-D", "-e", "-f", join(options.folder, "sshd_config")]
  const [program = "", ...args] = [...separation.entry, ...serve]
  const env = sshd.libraryPath === null ? {} : { LD_LIBRARY_PATH: sshd.libraryPath }
  // A session of its own: Ctrl-C is for those who still need it.
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, ...env },
    detached: true,
  })
  const said: string[] = []
  const stop = async () => {
    // It collects its sessions when they end; whatever is left when it is stopped nobody might collect.
    if (child.pid !== undefined) await childrenGone(child.pid, SESSIONS_MS)
    await endChild(child)
    separation.undo()
  }
  try {
    await listening(child, said, options.signal)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    user,
    address: `${user}@127.0.0.1`,
    hostKey,
    origin: sshd.origin,
    refusal: () => said.findLast((line) => REFUSAL.test(line)) ?? null,
    [Symbol.asyncDispose]: stop,
  }
}

function configuration({ folder, home, sshd }: LoopbackSshdOptions, port: number): string {
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
    if (made && existsSync(SEPARATION_FOLDER)) rmdirSync(SEPARATION_FOLDER)
  }
  const accounts = readFileSync("/etc/passwd", "utf8")
  if (/^sshd:/m.test(accounts)) return { entry: [], undo }
  const passwd = join(folder, "passwd")
  writeFileSync(passwd, `${accounts.trimEnd()}\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`, { mode: 0o644 })
  const view = `mount --bind '${passwd}' /etc/passwd && exec "$@"`
  return { entry: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", view, "sh"], undo }
}

/** Resolves once it accepts connections; sshd says so on standard error. */
async function listening(child: ChildProcess, said: string[], signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess["stderr"]> })
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line.trim())
      if (said.length > LINES_KEPT) said.shift()
      if (line.startsWith("Server listening on")) resolve()
    })
    child.once("error", reject)
    child.once("close", () => reject(new Error(said.at(-1) ?? "sshd ended at once")))
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  })
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  await ended
}

/** @throws Error in containers that run under a number without an account */
function accountName(): string {
  try {
    return userInfo().username
  } catch (cause) {
    throw new Error(`user ${process.getuid?.()} has no account here`, { cause })
  }
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
