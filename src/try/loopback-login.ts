import { userInfo } from "node:os"
import { makeId, type RunId, type ServerId } from "../protocol/ids.ts"
import type { ServerInstance } from "../protocol/server-instance.ts"
import { sshShell } from "../ssh/host-shell.ts"
import { RemoteHost } from "../ssh/remote-host.ts"
import type { LoopbackSshd } from "./loopback-sshd.ts"

export interface LoginOptions {
  readonly server: ServerId
  readonly identityFile: string
  /** For the file that pins the sshd's key; must exist, 0700. */
  readonly folder: string
  readonly signal: AbortSignal
}

const CONNECT_TIMEOUT_MS = 10_000
/** Looking at a machine starts no agent there, so that none asks whose it is. */
const NOBODY: ServerInstance = {
  run: makeId<RunId>("r", new Uint8Array(16)),
  place: "0".repeat(32),
  where: "try",
  proof: "0".repeat(64),
}

/**
 * Logs in as the server will, and runs a few commands: an sshd that listens may still refuse an account that is locked or
 * has no shell. @throws Error saying why, in sshd's own words where it has some
 */
export async function proveLogin(sshd: LoopbackSshd, options: LoginOptions): Promise<void> {
  const { server, identityFile, folder, signal } = options
  const settings = {
    program: "ssh",
    identityFile,
    configFile: null,
    knownHostsFolder: folder,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  }
  const caller = { platform: process.platform, app: process.execPath }
  try {
    const shell = sshShell(settings, { address: sshd.address, port: sshd.port, hostKey: sshd.hostKey }, caller)
    await new RemoteHost({ shell, server, instance: NOBODY, root: ".windfall" }).probe(signal)
  } catch (cause) {
    signal.throwIfAborted()
    const reason = sshd.refusal() ?? (cause as Error).message
    throw new Error(`no login as ${sshd.user} (shell ${userInfo().shell}): ${reason}`, { cause })
  }
}
