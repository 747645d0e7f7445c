import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import { keyOf, pasteLines } from "../../protocol/key-line.ts"
import { TAKE_BACK } from "../../protocol/take-back.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"
import { ExitError } from "../run-command.ts"
import { type SshOnce, type SshTalk, sshOnce } from "./ssh-once.ts"

/** Begins each line that is meant for us. */
const MARK = "windfall-key"

export interface LockedHost extends SshOnce {
  /** The line that lets the server in. */
  readonly line: string
  /** The command that joins it. */
  readonly again: string
  /** The server runs on this very machine, so that the host sees both come from one address. */
  readonly isServerHere: boolean
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const
const INTERRUPTED = 130

/**
 * Has the server's key put on a host that does not let it in, and the host joined: a person at the terminal gives the account's
 * password to ssh, once. What comes to nothing is taken back there, the key too, also when this process is killed: the far end of
 * that ssh waits for its word. Without a person prints a text to forward to the host's owner.
 * @throws {WindfallError} authentication_refused, after that text; and what `join` throws
 */
export async function letServerIn(
  cli: Cli,
  host: LockedHost,
  join: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { address } = host
  if (cli.isInteractive) {
    await cli.stderr.write(
      `${address} does not know the server's key yet. ssh can put it there now: it asks for the account's password once,\n` +
        "and Windfall neither sees nor keeps it.\n",
    )
    if (await askYes(cli, "Do that?")) return withKey(cli, host, join)
  }
  await cli.stdout.write(forwardText(host))
  throw new WindfallError("authentication_refused", `Cannot reach ${address}: it does not let the server's key in`, {
    hint: `Send the text above to its owner. When it is done: ${host.again}`,
    details: { publicLine: host.line },
  })
}

async function withKey(cli: Cli, host: LockedHost, join: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupted = new AbortController()
  const onSignal = () => interrupted.abort(new WindfallError("wrong_state", "Cannot go on: it was interrupted"))
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    await using ssh = sshOnce(host, script(host), interrupted.signal)
    const was = await putKey(cli, host, ssh, interrupted.signal)
    try {
      const exitCode = await join(interrupted.signal)
      ssh.end("keep\n")
      return exitCode
    } catch (error) {
      // The last steps may have been quicker than who stopped it.
      if (interrupted.signal.aborted && (await isIn(cli, host))) {
        ssh.end("keep\n")
        await cli.stderr.write(`\n${host.address} was in the pool already when you stopped: windfall host ls\n`)
        throw new ExitError(INTERRUPTED)
      }
      ssh.end("")
      const back = await ssh.next(MARK).catch(() => null)
      await cli.stderr.write(`\n${backText(host, was, back)}\n`)
      if (interrupted.signal.aborted) throw new ExitError(INTERRUPTED)
      throw error
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

/** Returns `added`, or `there` where it had it all along. */
async function putKey(cli: Cli, host: LockedHost, ssh: SshTalk, signal: AbortSignal): Promise<string> {
  try {
    const said = (await ssh.next(MARK)) ?? "refused its file was not written | "
    const [, reason = "", hint = ""] = /^refused (.*) \| (.*)$/.exec(said) ?? []
    if (reason !== "") {
      const message = `Cannot add the server's key on ${host.address}: ${reason}`
      throw new WindfallError("host_refused", message, hint === "" ? {} : { hint: `${hint} (there, as that account)` })
    }
    await cli.stderr.write(`The server's key is in ~/.ssh/authorized_keys of ${host.address}\n`)
    return said
  } catch (error) {
    if (signal.aborted) {
      await cli.stderr.write(`\nStopped: nothing was changed on ${host.address}\n`)
      throw new ExitError(INTERRUPTED)
    }
    await cli.stdout.write(forwardText(host))
    throw error
  }
}

function backText({ address, line }: LockedHost, was: string, back: string | null): string {
  if (back === "back") {
    return was === "there"
      ? `Taken back on ${address}; the server's key was there before, and stays`
      : `Taken back on ${address}: the server's key is out of ~/.ssh/authorized_keys again, and nothing of Windfall is there`
  }
  return (
    `It could not all be taken back on ${address}. Look there, as that account, and remove if you find it:\n` +
    `  the line that ends in ${line.split(" ").slice(-2).join(" ")}: nano ~/.ssh/authorized_keys\n` +
    "  the folder, if no other server uses it: rm -rf ~/.windfall"
  )
}

async function isIn(cli: Cli, { hostKey }: LockedHost): Promise<boolean> {
  const { hosts } = await cli.client.get<{ hosts: readonly HostView[] }>("/v1/hosts").catch(() => ({ hosts: [] }))
  return hosts.some((host) => host.hostKey === hostKey)
}

/**
 * Where the server is here, the host sees its address now, and lets the key in from there alone; not a passing IPv6 one. Then it waits
 * for the word to keep it all.
 */
function script({ line, isServerHere }: LockedHost): string {
  const from = isServerHere ? "from=$" + "{SSH_CONNECTION%% *}; case $from in *:*) from= ;; esac" : "from="
  const server = line.split(" ").at(-1) ?? ""
  return `{
${TAKE_BACK}${from}
said=$(let_in '${line}' '${keyOf(line)}' "$from" '${server}')
case $said in
added* | there*) ;;
*) printf '${MARK} %s\n' "\${said:-refused its file was not written | }"; exit 0 ;;
esac
set -- $said
echo "${MARK} $1"
trap '' HUP INT TERM PIPE
read -r word || word=
[ "$word" != keep ] || exit 0
key='${keyOf(line)}'
[ "$1" = added ] || key=
if take_back "$key" '${server}' "$2" >/dev/null; then echo "${MARK} back"; else echo "${MARK} stays"; fi
}
`
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
