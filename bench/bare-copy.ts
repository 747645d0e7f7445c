/**
 * What has to happen on a host to a file that comes and goes on, and nothing else: `node bare-copy.ts PORT FILE [NEXT]` takes one plain TCP
 * connection, writes what comes to FILE, hashes it, and sends it on to the address NEXT. Its own connection ends once all of that is done, also behind it.
 */
import { createHash } from "node:crypto"
import { once } from "node:events"
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"

const [, , port, file = "", next] = process.argv
const taker = createServer({ allowHalfOpen: true }, (from) => void pass(from))
taker.listen(Number(port), () => console.log("listening"))

async function pass(from: Socket): Promise<void> {
  taker.close()
  const to = next === undefined ? undefined : connect({ port: Number(port), host: next, allowHalfOpen: true })
  if (to !== undefined) await once(to, "connect")
  const copy = openSync(file, "wx", 0o600)
  const hash = createHash("sha256")
  for await (const piece of from.iterator({ destroyOnReturn: false })) {
    writeSync(copy, piece as Buffer)
    hash.update(piece as Buffer)
    if (to?.write(piece) === false) await once(to, "drain")
  }
  fsyncSync(copy)
  closeSync(copy)
  console.log(hash.digest("hex"))
  if (to !== undefined) {
    to.end()
    await once(to.resume(), "end")
  }
  from.end()
}
