import { WindfallError } from "../../protocol/errors.ts"
import { isSshKey } from "../../protocol/tunnel.ts"
import { fs, nodeChildProcess, path } from "../builtin.ts"
import { isMissing, type Settings, writePrivate } from "../config.ts"

/** Where everything lies that ssh needs to reach jobs: a folder of Windfall's own, 0700. */
export function sshFolder(settings: Settings): string {
  return path.join(settings.configFolder, "ssh")
}

/** The private key that jobs of this person let in. It opens nothing else. */
export function identityFile(settings: Settings): string {
  return path.join(sshFolder(settings), "id_ed25519")
}

/** Where the host key of a job is written down just before ssh compares it: each attempt has another. */
export function knownHostsFile(settings: Settings, job: number): string {
  return path.join(sshFolder(settings), `known_hosts.${job}`)
}

/** The name that ssh knows a job by. */
export function sshNameOf(job: number): string {
  return `windfall-${job}`
}

/**
 * The public key of {@link identityFile}, which is made at the first time.
 * @throws {WindfallError} file_not_found where this machine has no ssh-keygen
 */
export function openIdentity(settings: Settings): string {
  const file = identityFile(settings)
  const known = readPublicKey(file)
  if (known !== undefined) return known
  fs.mkdirSync(sshFolder(settings), { recursive: true, mode: 0o700 })
  // By rename, so that two commands that start at once never see half a key.
  const draft = `${file}.${process.pid}`
  try {
    nodeChildProcess().execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "windfall", "-f", draft], {
      stdio: ["ignore", "ignore", "pipe"],
    })
    fs.renameSync(draft, file)
    fs.renameSync(`${draft}.pub`, `${file}.pub`)
  } catch (error) {
    for (const one of [draft, `${draft}.pub`]) fs.rmSync(one, { force: true })
    throw new WindfallError("file_not_found", `Cannot make a key for ssh: ${(error as Error).message}`, {
      hint: "Install OpenSSH's client on this machine",
      cause: error,
    })
  }
  const made = readPublicKey(file)
  if (made === undefined) throw new WindfallError("internal", `Cannot read ${file}.pub: it holds no key`)
  return made
}

/** Writes down which host key ssh is to expect of a job. */
export function writeKnownHost(settings: Settings, job: number, hostKey: string): void {
  writePrivate(knownHostsFile(settings, job), `${sshNameOf(job)} ${hostKey}\n`)
}

function readPublicKey(file: string): string | undefined {
  try {
    fs.accessSync(file)
    const key = fs.readFileSync(`${file}.pub`, "utf8").split(" ", 2).join(" ").trim()
    return isSshKey(key) ? key : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
