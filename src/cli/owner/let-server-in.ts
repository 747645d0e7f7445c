import { WindfallError } from "../../protocol/errors.ts"
import { ADD_KEY, keyOf, pasteLines } from "../../protocol/key-line.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"
import { type SshOnce, sshOnce } from "./ssh-once.ts"

export interface LockedHost extends SshOnce {
  /** The line that lets the server in. */
  readonly line: string
  /** The command that joins it. */
  readonly again: string
  /** The server runs on this very machine, so that the host sees both come from one address. */
  readonly isServerHere: boolean
}

/**
 * Has the server's key put on a host that does not let it in: a person at the terminal gives the account's password to ssh,
 * once. Without a person, or when that comes to nothing, prints a text to forward to the host's owner.
 * @throws {WindfallError} authentication_refused, after that text
 */
export async function letServerIn(cli: Cli, host: LockedHost): Promise<void> {
  const { address } = host
  if (cli.isInteractive) {
    await cli.stderr.write(
      `${address} does not know the server's key yet. ssh can put it there now: it asks for the account's password once,\n` +
        "and Windfall neither sees nor keeps it.\n",
    )
    if (await askYes(cli, "Do that?")) return addKey(cli, host)
  }
  await cli.stdout.write(forwardText(host))
  throw new WindfallError("authentication_refused", `Cannot reach ${address}: it does not let the server's key in`, {
    hint: `Send the text above to its owner. When it is done: ${host.again}`,
    details: { publicLine: host.line },
  })
}

async function addKey(cli: Cli, host: LockedHost): Promise<void> {
  try {
    const said = await sshOnce(host, script(host))
    if (!/^windfall-key (added|there)$/m.test(said)) {
      throw new WindfallError(
        "host_refused",
        `Cannot add the server's key on ${host.address}: its file was not written`,
      )
    }
  } catch (error) {
    await cli.stdout.write(forwardText(host))
    throw error
  }
  await cli.stderr.write(`The server's key is in ~/.ssh/authorized_keys of ${host.address}\n`)
}

/** Where the server is here, the host sees its address now, and lets the key in from there alone; not a passing IPv6 one. */
function script({ line, isServerHere }: LockedHost): string {
  const from = isServerHere ? "from=$" + "{SSH_CONNECTION%% *}; case $from in *:*) from= ;; esac" : "from="
  return `{\n${ADD_KEY}${from}\nsaid=$(add_key '${line}' '${keyOf(line)}' "$from") && echo "windfall-key $said"\n}\n`
}

function forwardText({ address, line }: LockedHost): string {
  const [account, machine] = address.includes("@") ? address.split("@") : ["that account", address]
  return `
Hello,
our lab shares its idle Macs through Windfall, over SSH. Would you let its server in on
${machine}? Please open Terminal there, as ${account}, and paste these lines:

${pasteLines(line)
  .map((text) => `    ${text}`)
  .join("\n")}

Remote Login must be on: System Settings > General > Sharing. The key may run commands
as ${account}, and nothing else. Once the machine has joined, this takes all of it back at any
moment, without asking anybody: sh ~/.windfall/leave (until then: delete the line).
Thank you!

`
}
