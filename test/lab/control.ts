import { rmSync } from "node:fs"
import net from "node:net"
import { createInterface } from "node:readline"
import { text } from "node:stream/consumers"

/** What a lab has answered to a line; not `done` where it was not understood, or failed. */
export interface ControlAnswer {
  readonly done: boolean
  readonly text: string
}

/**
 * Listens for lines at a socket that one lab has at a time. Of one that is gone the socket is taken over; it is removed when this is disposed.
 * @param obey does what a line says and returns what to show
 * @throws {Error} where another lab lives there: nothing was touched
 */
export async function openControl(
  path: string,
  obey: (words: readonly string[]) => Promise<string>,
): Promise<AsyncDisposable> {
  const open = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
    const answer = (one: ControlAnswer) => socket.end(`${JSON.stringify(one)}\n`)
    socket.on("error", () => undefined)
    createInterface({ input: socket }).once("line", (line) => {
      obey(line.split(" ")).then(
        (said) => answer({ done: true, text: said }),
        (error: Error) => answer({ done: false, text: error.message }),
      )
    })
  })
  try {
    await listen(server, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error
    if (await isAlive(path))
      throw new Error("A lab is running here already: stop it first (Ctrl-C), or play with that one")
    rmSync(path, { force: true })
    await listen(server, path)
  }
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        // Whoever says nothing, or has not been answered, must not keep the lab.
        for (const socket of open) socket.destroy()
      }),
  }
}

/** Has the lab do something. @returns `null` where none runs */
export async function askControl(path: string, words: readonly string[]): Promise<ControlAnswer | null> {
  const socket = net.connect(path)
  socket.end(`${words.join(" ")}\n`)
  try {
    return JSON.parse(await text(socket)) as ControlAnswer
  } catch {
    return null
  }
}

function listen(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(path, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })
}
