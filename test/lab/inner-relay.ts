/**
 * Runs inside the lab's network namespace where that has no way out (a plain user's): passes connections on unix sockets,
 * which know no namespaces, to the hosts' addresses. Reads `SOCKET ADDRESS PORT` lines on stdin, answers each with its
 * socket once it listens, and ends with stdin.
 */
import net from "node:net"
import { createInterface } from "node:readline"

for await (const line of createInterface({ input: process.stdin })) {
  const [path, host, port] = line.split(" ")
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host: host ?? "", port: Number(port), allowHalfOpen: true, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => to.destroy())
      from.pipe(to)
    }
  })
  server.listen(path, () => process.stdout.write(`${path}\n`))
}
process.exit(0)
