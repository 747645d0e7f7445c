import { closeSync, constants, fstatSync, openSync } from "node:fs"
import { Socket } from "node:net"

/** The lines that come out of a FIFO, as long as it is held open here, in the batches in which they arrive. */
export class SupervisorLines {
  readonly inode: number
  readonly #socket: Socket
  /** A writer of our own, so that the end of the last supervisor is not the end of the stream. */
  readonly #keptOpen: number
  #rest = ""

  /** @throws the system's error where there is no such FIFO */
  constructor(path: string, onLines: (lines: string[]) => void) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    this.inode = fstatSync(fd).ino
    this.#keptOpen = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    this.#socket = new Socket({ fd, readable: true, writable: false })
    this.#socket.setEncoding("latin1")
    this.#socket.on("data", (text) => {
      const lines = (this.#rest + String(text)).split("\n")
      this.#rest = lines.pop() ?? ""
      if (lines.length > 0) onLines(lines)
    })
    this.#socket.on("error", () => {})
  }

  close(): void {
    this.#socket.destroy()
    closeSync(this.#keptOpen)
  }
}
