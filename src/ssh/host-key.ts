import { createHash } from "node:crypto"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import { ChildLink } from "./child-link.ts"
import { keyLookArguments } from "./ssh-arguments.ts"
import { type SshCaller, sshFailure } from "./ssh-failure.ts"
import type { SshSettings, SshTarget } from "./ssh-settings.ts"

/**
 * Asks a machine for its host key without logging in, by the way ssh itself would take (ssh-keyscan knows neither
 * aliases nor jump hosts). Returns "ssh-ed25519 AAAA...".
 * @throws {WindfallError} why it could not be asked
 */
export async function lookUpHostKey(
  settings: SshSettings,
  target: Pick<SshTarget, "address" | "port">,
  caller: SshCaller,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  const folder = await mkdtemp(join(settings.knownHostsFolder, "look-"))
  try {
    const file = join(folder, "known_hosts")
    const link = new ChildLink(settings.program, keyLookArguments(settings, target, file))
    const onAbort = () => link.kill()
    signal.addEventListener("abort", onAbort, { once: true })
    link.socket.end()
    link.socket.resume()
    const exit = await link.exited
    signal.removeEventListener("abort", onAbort)
    link.socket.destroy()
    signal.throwIfAborted()
    const text = await readFile(file, "utf8").catch(() => "")
    const key = /^\S+ (\S+ [A-Za-z0-9+/=]+)/.exec(text)?.[1]
    if (key === undefined) throw sshFailure(exit, target.address, caller)
    return key
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What ssh shows of a key: "SHA256:...". @throws {WindfallError} invalid_input when it is no key */
export function fingerprintOf(hostKey: string): string {
  const blob = hostKey.split(" ")[1]
  if (blob === undefined)
    throw new WindfallError("invalid_input", `Cannot read the host key ${JSON.stringify(hostKey)}`)
  return `SHA256:${createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64").replace(/=+$/, "")}`
}
