import { WindfallError } from "../../protocol/errors.ts"
import { fs, nodeChildProcess, os, path } from "../builtin.ts"

export interface SshOnce {
  /** `user@mac`, as this machine's ssh configuration understands it too. */
  readonly address: string
  readonly port: number | null
  /** The only key the machine may show. */
  readonly hostKey: string
}

/** A script that runs on a machine and waits there for words. When this process is no more, its input ends. */
export interface SshTalk extends AsyncDisposable {
  /** Its next line that begins with `mark` and a blank, without them; `null` once it has ended. */
  next(mark: string): Promise<string | null>
  /** The last word to it; empty for none. */
  end(word: string): void
}

/** The name the machine goes by in the known_hosts file made for this one call. */
const ALIAS = "windfall-host"
const CONNECT_TIMEOUT_S = 15
const MAX_TEXT = 64 * 1024
/** So long it may take from its last word to its end. */
const END_MS = 40_000
/** ssh misses a signal that comes between its prompt and its read, so it is told again. Never SIGKILL: the terminal would stay mute. */
const TELL_AGAIN_MS = 250
/** Ctrl-C is for this process to hear: the far end is told to tidy up, and ssh has to live until it has. */
const SHIELD = `trap '' INT; exec ssh "$@"`

/**
 * Runs a script by /bin/sh on a machine, with this machine's own ssh and configuration. ssh asks for a password on the
 * terminal by itself, which therefore never passes through Windfall.
 * @param signal ends ssh for as long as the script has not spoken
 * @throws {WindfallError} from `next`: host_unreachable when ssh did not get in; ssh itself has said why on the terminal
 */
export function sshOnce(to: SshOnce, script: string, signal: AbortSignal): SshTalk {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "windfall-key-"))
  const removeFolder = () => fs.rmSync(folder, { recursive: true, force: true })
  try {
    const pinned = path.join(folder, "known_hosts")
    fs.writeFileSync(pinned, `${ALIAS} ${to.hostKey}\n`, { mode: 0o600 })
    return talk(to, sshArguments(to, pinned), script, { signal, onEnd: removeFolder })
  } catch (error) {
    removeFolder()
    throw error
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

function talk(
  { address }: SshOnce,
  args: readonly string[],
  script: string,
  { signal, onEnd }: { readonly signal: AbortSignal; readonly onEnd: () => void },
): SshTalk {
  const child = nodeChildProcess().spawn("/bin/sh", ["-c", SHIELD, "sh", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const ended = Promise.withResolvers<void>()
  let printed = ""
  let over: string | undefined
  let changed = Promise.withResolvers<void>()
  const wake = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const finish = (how: string) => {
    over ??= how
    onEnd()
    ended.resolve()
    wake()
  }
  const giveUp = () => {
    if (printed !== "" || over !== undefined) return
    child.kill("SIGTERM")
    setTimeout(giveUp, TELL_AGAIN_MS)
  }
  signal.addEventListener("abort", giveUp, { once: true })
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-MAX_TEXT)
    wake()
  })
  child.stdin?.on("error", () => {})
  child.stdin?.write(script)
  child.on("error", (error) => finish(`ssh does not start (${error.message})`))
  child.on("close", (code, by) => {
    finish(code === 0 ? "" : code === 255 ? "ssh did not get in" : `ssh ended with ${by ?? code}`)
  })
  return {
    async next(mark) {
      for (;;) {
        const found = new RegExp(`^${mark} (.*)\n`, "m").exec(printed)
        if (found !== null) {
          printed = ` \n${printed.slice(found.index + found[0].length)}`
          return found[1] ?? ""
        }
        if (over === "") return null
        if (over !== undefined) {
          throw new WindfallError("host_unreachable", `Cannot add the server's key on ${address}: ${over}`)
        }
        await changed.promise
      }
    },
    end: (word) => void child.stdin?.end(word),
    async [Symbol.asyncDispose]() {
      child.stdin?.end()
      const late = setTimeout(() => child.kill("SIGKILL"), END_MS)
      await ended.promise
      clearTimeout(late)
      signal.removeEventListener("abort", giveUp)
    },
  }
}
