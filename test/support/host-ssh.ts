import { execFile } from "node:child_process"
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { findSshd } from "../../src/ssh/sshd-binary.ts"
import type { LabHost } from "../lab/lab.ts"

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, "../../.cache")
const INSTALLED = "/usr/lib/openssh/sftp-server"
const DOWNLOAD_MS = 60_000

/**
 * Gives a lab host what the agent needs for ssh into jobs, where the machine has no OpenSSH server installed. Returns whether
 * there is also an sftp-server.
 */
export async function giveSsh(host: LabHost): Promise<boolean> {
  const { origin } = await findSshd(CACHE)
  if (origin === "unpacked") {
    const folder = (await findSshd(CACHE)).libraryPath?.replace(/^.*\/sshd\/usr\//, "/mnt/sshd/usr/") ?? ""
    const script = `#!/bin/sh\nLD_LIBRARY_PATH=${folder} exec /mnt/sshd/usr/sbin/sshd "$@"\n`
    await host.write(".windfall/sshd", script)
    chmodSync(join(host.files, ".windfall/sshd"), 0o755)
  }
  if (existsSync(INSTALLED)) return true
  const server = await unpackSftpServer()
  if (server === null) return false
  copyFileSync(server, join(host.files, ".windfall/sftp-server"))
  chmodSync(join(host.files, ".windfall/sftp-server"), 0o755)
  return true
}

/** From the distribution's package, as the sshd is; `null` where that cannot be had. */
async function unpackSftpServer(): Promise<string | null> {
  const folder = join(CACHE, "sftp")
  const server = join(folder, INSTALLED)
  if (existsSync(server)) return server
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, "sftp-"))
  try {
    const options = { cwd: work, timeout: DOWNLOAD_MS }
    await run("apt-get", ["-q", "download", "openssh-sftp-server"], options)
    const file = readdirSync(work).find((name) => name.endsWith(".deb")) ?? ""
    await run("dpkg-deb", ["-x", file, "root"], options)
    if (!existsSync(folder)) renameSync(join(work, "root"), folder)
    return existsSync(server) ? server : null
  } catch {
    return null
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
