import { Socket } from "node:net"
import { Duplex } from "node:stream"

/**
 * Standard input and output as one connection. Not `process.stdout`: on a pipe that writes synchronously, and a slow link
 * would stop the whole agent.
 */
export function stdioDuplex(): Duplex {
  return joinStreams(new Socket({ fd: 0, readable: true, writable: false }), new Socket({ fd: 1, readable: false }))
}

/** Makes one connection of a socket to read from and one to write to. */
export function joinStreams(readable: Socket, writable: Socket): Duplex {
  const duplex = new Duplex({
    readableHighWaterMark: 1024 * 1024,
    writableHighWaterMark: 1024 * 1024,
    read: () => readable.resume(),
    write: (chunk, _encoding, done) => {
      writable.write(chunk, done)
    },
    writev: (chunks, done) => {
      writable.cork()
      chunks.forEach(({ chunk }, i) => {
        if (i === chunks.length - 1) writable.write(chunk, done)
        else writable.write(chunk)
      })
      writable.uncork()
    },
    final: (done) => {
      writable.end(done)
    },
    destroy: (error, done) => {
      readable.destroy()
      writable.destroy()
      done(error)
    },
  })
  readable.on("data", (chunk) => {
    if (!duplex.push(chunk)) readable.pause()
  })
  readable.on("end", () => duplex.push(null))
  readable.on("error", (error) => duplex.destroy(error))
  writable.on("error", (error) => duplex.destroy(error))
  return duplex
}
