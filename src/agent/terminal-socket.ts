import { closeSync, constants, openSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { basename, dirname, join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"

/** sockaddr_un.sun_path holds 104 bytes on macOS and 108 on Linux, with the final NUL. */
const MAX_PATH_BYTES = 103

/** Where the PTY host of an attempt listens, or that of a shell beside it. The name is short because the path must be. */
export function terminalSocketPath(attemptFolder: string, shell: string | null): string {
  return join(attemptFolder, shell === null ? "t" : `t-${shell.slice(0, 12)}`)
}

/** A path that fits into a socket address and leads to the same file, usable until `close`. */
export interface ShortPath {
  readonly path: string
  close(): void
}

/**
 * Shortens a socket's path where it must be: Linux reaches the folder through an open descriptor.
 * @throws {WindfallError} internal, on macOS, where there is no such way
 */
export function shortSocketPath(path: string): ShortPath {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, close: () => undefined }
  if (process.platform !== "linux") {
    throw new WindfallError("internal", `Cannot open a terminal: the path ${path} is too long for a socket`, {
      hint: "Let Windfall's folder on this host lie at a shorter path",
    })
  }
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, close: () => closeSync(folder) }
}

/** Connects to a PTY host. Rejects with the system's error: ENOENT or ECONNREFUSED when none listens there. */
export function connectTerminal(path: string): Promise<Socket> {
  const short = shortSocketPath(path)
  return new Promise((resolve, reject) => {
    const socket = connect(short.path)
    socket.once("connect", () => {
      short.close()
      socket.removeAllListeners("error")
      resolve(socket)
    })
    socket.once("error", (error) => {
      short.close()
      reject(error)
    })
  })
}
