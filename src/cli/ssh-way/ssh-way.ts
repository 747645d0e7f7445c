import { WindfallError } from "../../protocol/errors.ts"
import { fs, nodeChildProcess, nodeCrypto, nodeNet, path } from "../builtin.ts"
import type { Login, Settings } from "../config.ts"
import { readSshAddress, type SshAddress } from "./ssh-address.ts"
import { sshProblem } from "./ssh-problem.ts"

/** Kept this long after the last command, so that the next one does not pay for a new ssh. */
const KEPT_SECONDS = 600
const CONNECT_SECONDS = 15
/** A Unix socket's path fits into 104 bytes on macOS (sys/un.h), and ssh adds 17 to its own while it makes it. */
const LONGEST_SOCKET_BYTES = 86

/** Where ssh listens for this machine's commands; the ways' folder is closed to others. */
export function socketOf(settings: Pick<Settings, "stateFolder">, { url }: SshAddress): string {
  const socket = path.join(waysFolder(settings), nodeCrypto().hash("sha256", url).slice(0, 12))
  if (Buffer.byteLength(socket) + `.${process.pid}.way`.length <= LONGEST_SOCKET_BYTES) return socket
  throw new WindfallError("invalid_input", `Cannot keep a way through ssh: ${socket} is too long for a socket`, {
    hint: "Set XDG_STATE_HOME to a folder with a shorter path, then log in again",
  })
}

export function waysFolder({ stateFolder }: Pick<Settings, "stateFolder">): string {
  return path.join(stateFolder, "ways")
}

/** What ssh writes down of a way. */
export function logOf(socket: string): string {
  return `${socket}.log`
}

/**
 * Sees to it that ssh listens at the login's socket, with the user's own configuration and without asking anybody.
 * Two commands that find none each open one; the later is used, and the other ends by itself.
 * @throws {WindfallError} server_unreachable saying why ssh does not get there
 */
export async function openSshWay(login: Login, signal?: AbortSignal): Promise<void> {
  const { socket } = login
  if (socket === undefined || (await isListening(socket))) return
  const address = readSshAddress(login.url)
  fs.mkdirSync(path.dirname(socket), { recursive: true, mode: 0o700 })
  const own = `${socket}.${process.pid}`
  const log = `${own}.log`
  try {
    await startSsh(address, { control: `${own}.way`, socket: own, log }, signal)
    fs.renameSync(log, logOf(socket))
    fs.renameSync(own, socket)
  } catch (cause) {
    for (const file of [own, log]) fs.rmSync(file, { force: true })
    throw cause
  }
}

/** Ends what ssh keeps for this login, and forgets it. */
export function closeSshWay({ socket }: Pick<Login, "socket">): void {
  if (socket === undefined || !fs.existsSync(path.dirname(socket))) return
  const folder = path.dirname(socket)
  for (const name of fs.readdirSync(folder).filter((one) => one.startsWith(path.basename(socket)))) {
    const file = path.join(folder, name)
    if (name.endsWith(".way")) {
      nodeChildProcess().spawnSync("ssh", ["-S", file, "-O", "exit", "way"], { stdio: "ignore", timeout: 5_000 })
    }
    fs.rmSync(file, { force: true })
  }
}

/** The sockets of all ways that were opened from this account. */
export function openWays(settings: Pick<Settings, "stateFolder">): string[] {
  const folder = waysFolder(settings)
  if (!fs.existsSync(folder)) return []
  return [...new Set(fs.readdirSync(folder).map((name) => path.join(folder, name.replace(/\..*/, ""))))]
}

interface WayFiles {
  readonly control: string
  readonly socket: string
  readonly log: string
}

/** Resolves once ssh is in, listens, and has gone to the background. */
async function startSsh(address: SshAddress, { control, socket, log }: WayFiles, signal?: AbortSignal): Promise<void> {
  const { destination, port, serverPort } = address
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${CONNECT_SECONDS}`,
    `ControlPersist=${KEPT_SECONDS}`,
    // A laptop that was closed finds out that the connection is gone, and opens another.
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "StreamLocalBindUnlink=yes",
    "ExitOnForwardFailure=no",
    ...["PermitLocalCommand=no", "ForwardAgent=no", "ForwardX11=no", "RequestTTY=no", "RemoteCommand=none"],
  ]
  const words = ["-f", "-N", "-M", "-S", control, "-E", log, ...options.flatMap((option) => ["-o", option])]
  if (port !== null) words.push("-p", `${port}`)
  const child = nodeChildProcess().spawn(
    "ssh",
    [...words, "-L", `${socket}:127.0.0.1:${serverPort}`, "--", destination],
    {
      stdio: "ignore",
      ...(signal === undefined ? {} : { signal }),
    },
  )
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", resolve)
  }).catch((cause: NodeJS.ErrnoException) => {
    signal?.throwIfAborted()
    throw new WindfallError("server_unreachable", `Cannot reach the server at ${address.url}: there is no ssh here`, {
      cause,
    })
  })
  if (code === 0 && fs.existsSync(socket)) return
  throw sshProblem(address, fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "")
}

function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = nodeNet().connect(socket)
    probe.once("connect", () => {
      probe.destroy()
      resolve(true)
    })
    probe.once("error", () => resolve(false))
  })
}
