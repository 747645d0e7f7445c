import type { HostScan, HostScanRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"

/**
 * Asks the machine for its key and has it confirmed: by a person at a terminal, or by the fingerprint given. The key in
 * `pinned` was confirmed when it was pinned.
 * @throws {WindfallError} `host_key_unconfirmed` when nobody confirms, `host_key_changed` when it is another one
 */
export async function confirmHostKey(
  cli: Cli,
  request: HostScanRequest,
  given: string | undefined,
  again: string,
  pinned?: string,
): Promise<string> {
  const scan = await cli.client.ask<HostScan>("/v1/hosts/scan", request)
  if (given !== undefined) {
    if (sameFingerprint(given, scan.fingerprint)) return scan.hostKey
    throw new WindfallError(
      "host_key_changed",
      `Cannot trust ${request.address}: its key is ${scan.fingerprint}, not ${given}`,
      { hint: "Compare with what the machine itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" },
    )
  }
  if (scan.hostKey === pinned) return pinned
  if (!cli.isInteractive) {
    throw new WindfallError(
      "host_key_unconfirmed",
      `Cannot trust ${request.address}: nobody is here to confirm its key ${scan.fingerprint}`,
      { hint: `If this is right: ${again} --fingerprint ${scan.fingerprint}` },
    )
  }
  await cli.stderr.write(
    `The key of ${request.address} is ${scan.fingerprint}\n` +
      "Compare it with what the machine says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\n",
  )
  if (await askYes(cli, "Is it the same?")) return scan.hostKey
  throw new WindfallError("host_key_unconfirmed", `Cannot trust ${request.address}: its key was not confirmed`, {
    hint: "Another key than the machine's own means that something is in between, or that the address leads elsewhere",
  })
}

/** With or without the "SHA256:" in front and the padding behind, as tools print it. */
function sameFingerprint(a: string, b: string): boolean {
  const bare = (text: string) =>
    text
      .trim()
      .replace(/^SHA256:/, "")
      .replace(/=+$/, "")
  return bare(a) === bare(b)
}
