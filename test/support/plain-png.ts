import { crc32, deflateSync } from "node:zlib"

/** A PNG of one colour, or of as many stripes as there are colours. */
export function plainPng(
  size: number,
  ...colours: readonly (readonly [red: number, green: number, blue: number])[]
): Buffer {
  const rows = Array.from({ length: size }, (_, row) => {
    const colour = colours[Math.floor((row * colours.length) / size)] ?? [0, 0, 0]
    return Buffer.from([0, ...Array.from({ length: size }, () => colour).flat()])
  })
  return pngOf(size, size, [deflateSync(Buffer.concat(rows))])
}

/**
 * A PNG of this header and these packed data, whatever is in them.
 * @param kind bits of a colour, colour type, packing, filter, interlace; true colour of eight bits where none is given
 */
export function pngOf(width: number, height: number, packed: readonly Buffer[], kind = [8, 2, 0, 0, 0]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set(kind, 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...packed.map((each) => chunk("IDAT", each)),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
