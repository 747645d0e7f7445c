import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { WindfallError } from "../protocol/errors.ts"
import { SSH_ENTRY } from "./ssh-entry.ts"

const run = promisify(execFile)
const KEYGEN_MS = 10_000

/** Where systems keep sshd's helper for `sftp` and `scp`: macOS, Debian, Fedora, Arch. */
const SFTP_SERVERS = [
  "/usr/libexec/sftp-server",
  "/usr/lib/openssh/sftp-server",
  "/usr/libexec/openssh/sftp-server",
  "/usr/lib/ssh/sftp-server",
]
const SSHDS = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd"]
const KEYGENS = ["/usr/bin/ssh-keygen", "/usr/local/bin/ssh-keygen", "/opt/homebrew/bin/ssh-keygen"]

/** The programs of OpenSSH on this host. In Windfall's folder there may be others, which come first. */
export interface SshPrograms {
  readonly sshd: string
  readonly keygen: string
  readonly sftpServer: string | null
}

/** What to do where a host has no sshd, or one that refuses. */
export const WITHOUT_SSHD =
  "Install OpenSSH's server there, or put an sshd at ~/.windfall/sshd. Without one: windfall shell JOB is a terminal, windfall forward JOB PORT reaches its ports"

/** @throws {WindfallError} host_refused where there is no sshd */
export function findSshPrograms(root: string): SshPrograms {
  const sshd = [join(root, "sshd"), ...SSHDS].find(isExecutable)
  const keygen = KEYGENS.find(isExecutable)
  if (sshd === undefined || keygen === undefined) {
    const missing = sshd === undefined ? "sshd" : "ssh-keygen"
    throw new WindfallError("host_refused", `Cannot open ssh to the job: its host has no ${missing}`, {
      hint: WITHOUT_SSHD,
    })
  }
  return { sshd, keygen, sftpServer: [join(root, "sftp-server"), ...SFTP_SERVERS].find(isExecutable) ?? null }
}

/** An attempt's own folder for its sshd: below the attempt's, 0700, gone with it. */
export interface SshFolder {
  readonly path: string
  /** "ssh-ed25519 AAAA..." */
  readonly hostKey: string
}

/** Makes the folder with a host key of the attempt's own, or takes the one that is there. */
export async function openSshFolder(attemptFolder: string, { keygen }: SshPrograms): Promise<SshFolder> {
  const path = join(attemptFolder, "ssh")
  if (!existsSync(path)) await makeFolder(path, keygen)
  const hostKey = readFileSync(join(path, "host_key.pub"), "utf8").split(" ", 2).join(" ").trim()
  return { path, hostKey }
}

/** By rename, so that it is there as a whole; two that come at once have one in the end. */
async function makeFolder(path: string, keygen: string): Promise<void> {
  const draft = `${path}.${process.pid}.${performance.now()}`
  try {
    mkdirSync(draft, { mode: 0o700 })
    const key = join(draft, "host_key")
    const options = { timeout: KEYGEN_MS, env: { PATH: "/usr/bin:/bin" } }
    await run(keygen, ["-q", "-t", "ed25519", "-N", "", "-C", "windfall", "-f", key], options)
    writeFileSync(join(draft, "entry"), SSH_ENTRY, { mode: 0o600 })
    renameSync(draft, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

export interface SshSettings {
  /** The only key that may enter. */
  readonly key: string
  readonly work: string
  readonly env: Readonly<Record<string, string>>
}

/** Writes what one connection needs and returns its configuration's path. The same again for the same key. */
export function writeSshConfig({ path }: SshFolder, { sftpServer }: SshPrograms, settings: SshSettings): string {
  const { key, work, env } = settings
  const name = createHash("sha256").update(key).digest("hex").slice(0, 16)
  const write = (file: string, text: string) => {
    const whole = join(path, file)
    const draft = `${whole}.${process.pid}`
    writeFileSync(draft, text, { mode: 0o600 })
    renameSync(draft, whole)
    return whole
  }
  const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}\0`)
  const environment = write("environment", variables.join(""))
  const keys = write(`key-${name}`, `${key}\n`)
  const entry = ["/usr/bin/perl", join(path, "entry"), environment, work].map(quote).join(" ")
  const lines = [
    `HostKey "${join(path, "host_key")}"`,
    `AuthorizedKeysFile "${keys}"`,
    "PidFile none",
    // It checks whose folders these are up to the root, which a host's administrator may have arranged otherwise.
    "StrictModes no",
    "UsePAM no",
    "AuthenticationMethods publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PermitUserEnvironment no",
    "PermitUserRC no",
    "AllowAgentForwarding no",
    "AllowTcpForwarding local",
    "AllowStreamLocalForwarding local",
    "PermitTunnel no",
    "X11Forwarding no",
    "AcceptEnv COLORTERM LC_*",
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "LogLevel ERROR",
    ...(sftpServer === null ? [] : [`Subsystem sftp ${sftpServer}`]),
    `ForceCommand ${entry}`,
    "",
  ]
  return write(`config-${name}`, lines.join("\n"))
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
