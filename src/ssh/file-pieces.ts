import { open } from "node:fs/promises"

const PIECE_BYTES = 256 * 1024

/**
 * What is in a file, piece by piece. There are two buffers for all of it, used in turns: a piece holds until the next but one is
 * asked for. New ones for each piece would be hundreds of megabytes of garbage for one Node, which the process then keeps.
 * @param start the first byte to give
 */
export async function* readPieces(path: string, start = 0): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path)
  try {
    let [buffer, other] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)]
    for (let position = start; ; ) {
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, position)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      position += bytesRead
      ;[buffer, other] = [other, buffer]
    }
  } finally {
    await file.close()
  }
}
