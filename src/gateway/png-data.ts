import type { ImageSize } from "./image-size.ts"

const SIGNATURE_BYTES = 8
/** Length, type and check sum. */
const CHUNK_BYTES = 12
/** Method and level of packing (RFC 1950), before the packed data themselves. */
const ZLIB_HEADER_BYTES = 2
/** Beyond what the size says: what some writers leave there. */
const FREE_BYTES = 4_096

/** What an image's data come to, by its header: no more than that, more, or it cannot be told. */
export type Unfolded = "fits" | "more" | "damaged"

/** Whether packed data (RFC 1951) come to at most so many bytes; none of them is to be held. */
export type Unpack = (packed: Uint8Array, mostBytes: number) => Promise<Unfolded>

/**
 * Whether the packed data of a PNG are as many as its size takes at most. stb_image, by which llama.cpp reads images, unpacks whatever is there: a megabyte for one pixel
 * took it 1 GB, and 4 MB took it 2.
 */
export async function pngData(bytes: Buffer, { width, height }: ImageSize, unpack: Unpack): Promise<Unfolded> {
  const packed = packedOf(bytes)
  if (packed === undefined) return "damaged"
  // Sixteen bits of four colours; each row has a filter's number, and interlaced ones are about two.
  const most = (8 * width + 2) * height + FREE_BYTES
  return packed.length > most ? "more" : await unpack(packed.subarray(ZLIB_HEADER_BYTES), most)
}

/** All of its packed data, one after the other. @returns undefined where it has no end, or is Apple's kind, whose data are packed in another way */
function packedOf(bytes: Buffer): Buffer | undefined {
  const pieces: Buffer[] = []
  for (let at = SIGNATURE_BYTES; at + CHUNK_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString("latin1", at + 4, at + 8)
    if (type === "IEND") return Buffer.concat(pieces)
    if (type === "CgBI") return undefined
    if (type === "IDAT") pieces.push(bytes.subarray(at + 8, at + 8 + length))
    at += length + CHUNK_BYTES
  }
  return undefined
}
