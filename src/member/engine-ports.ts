import { connect, createServer } from "node:net"
import type { Endpoint } from "../hive/engines/engine-adapter.ts"

/** A port that nobody here uses now. Asked for on loopback alone, so that no firewall has a question for who is at the Mac. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once("error", reject)
  server.listen(0, "127.0.0.1", resolve)
  await promise
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return port
}

/**
 * Whether something listens there: connects, says nothing, leaves. To a worker of llama.cpp that serves nobody yet this does no harm; a busy one must
 * not be asked: who waits there and gives up can end it.
 * @returns `null` when it does, else why not
 */
export function whyNotListening({ address, port }: Endpoint, limitMs: number, from?: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const socket = connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) })
  const timer = setTimeout(() => {
    resolve("it does not answer")
    socket.destroy()
  }, limitMs)
  socket.once("connect", () => {
    clearTimeout(timer)
    resolve(null)
    socket.end()
  })
  socket.on("error", (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    resolve(error.code ?? error.message)
  })
  // What it says is not read, but taken, so that the end comes.
  socket.resume()
  return promise
}
