import { WindfallError } from "../../protocol/errors.ts"
import { fs, nodeChildProcess, os, path } from "../builtin.ts"

export interface SshOnce {
  /** `user@mac`, as this machine's ssh configuration understands it too. */
  readonly address: string
  readonly port: number | null
  /** The only key the machine may show. */
  readonly hostKey: string
}

/** The name the machine goes by in the known_hosts file made for this one call. */
const ALIAS = "windfall-host"
const CONNECT_TIMEOUT_S = 15

/**
 * Runs a script by /bin/sh on a machine, with this machine's own ssh and configuration. ssh asks for a password on the
 * terminal by itself, which therefore never passes through Windfall. Returns what the script printed.
 * @throws {WindfallError} host_unreachable when ssh or the script did not end well; ssh itself has said why on the terminal
 */
export async function sshOnce(to: SshOnce, script: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "windfall-key-"))
  try {
    const pinned = path.join(folder, "known_hosts")
    fs.writeFileSync(pinned, `${ALIAS} ${to.hostKey}\n`, { mode: 0o600 })
    return await run(to, sshArguments(to, pinned), script)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** What is on the command line wins over ssh's configuration. */
function sshArguments({ address, port }: SshOnce, pinned: string): string[] {
  const options = [
    ...["StrictHostKeyChecking=yes", `UserKnownHostsFile="${pinned}"`, "GlobalKnownHostsFile=/dev/null"],
    ...[`HostKeyAlias=${ALIAS}`, "CheckHostIP=no", "UpdateHostKeys=no", "VerifyHostKeyDNS=no"],
    ...["ControlMaster=no", "ControlPath=none", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no"],
    ...["PermitLocalCommand=no", "RemoteCommand=none", "RequestTTY=no", `ConnectTimeout=${CONNECT_TIMEOUT_S}`],
  ]
  return [
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    ...(port === null ? [] : ["-p", `${port}`]),
    "--",
    address,
    "exec /bin/sh -s",
  ]
}

function run({ address }: SshOnce, args: readonly string[], script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = nodeChildProcess().spawn("ssh", [...args], { stdio: ["pipe", "pipe", "inherit"] })
    let printed = ""
    const failed = (how: string) =>
      reject(new WindfallError("host_unreachable", `Cannot add the server's key on ${address}: ${how}`))
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-64 * 1024)
    })
    child.stdin?.on("error", () => {})
    child.stdin?.end(script)
    child.on("error", (error) => failed(`ssh does not start (${error.message})`))
    child.on("close", (code, signal) => {
      if (code === 0) resolve(printed)
      else failed(code === 255 ? "ssh did not get in" : `ssh ended with ${signal ?? code}`)
    })
  })
}
