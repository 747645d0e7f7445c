import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { link, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { toWindfallError } from "../protocol/errors.ts"

const run = promisify(execFile)

/** The server's own key pair: the private one never leaves its folder. */
export interface ServerKey {
  readonly identityFile: string
  /** The line that lets this server in, for a host's authorized_keys. */
  readonly publicLine: string
}

/**
 * Returns the server's own key, made when there is none yet.
 * @throws {WindfallError} when it cannot be made
 */
export async function openServerKey(folder: string, comment: string): Promise<ServerKey> {
  const identityFile = join(folder, "id_ed25519")
  try {
    if (!existsSync(identityFile) || !existsSync(`${identityFile}.pub`)) await makeKey(folder, identityFile, comment)
    return { identityFile, publicLine: readFileSync(`${identityFile}.pub`, "utf8").trim() }
  } catch (thrown) {
    throw toWindfallError(thrown, "make the server's ssh key")
  }
}

/** The public half comes first in place, so that a private half without it can only mean that its file was removed. */
async function makeKey(folder: string, identityFile: string, comment: string): Promise<void> {
  const work = await mkdtemp(join(folder, "new-"))
  const made = join(work, "key")
  try {
    if (existsSync(identityFile)) {
      const { stdout } = await run("ssh-keygen", ["-y", "-P", "", "-f", identityFile])
      await writeFile(`${made}.pub`, stdout)
    } else {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", made])
    }
    await rename(`${made}.pub`, `${identityFile}.pub`)
    if (!existsSync(identityFile)) await link(made, identityFile)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
