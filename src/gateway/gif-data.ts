import type { ImageSize } from "./image-size.ts"
import type { Unfolded } from "./png-data.ts"

const HEADER_BYTES = 13
const FRAME_BYTES = 9
/** Beyond what the size says. */
const FREE_PIXELS = 4_096
/** stb_image's table. */
const MOST_CODES = 8_192
const LONGEST_CODE_BITS = 12

/**
 * Whether the codes of a GIF's first frame write as many pixels as its size has, or about. stb_image, by which llama.cpp reads images, reads on when all are written, and a code stands for
 * up to 4,096 of them: 720 KB for ten by ten pixels took it 28 s. The codes' lengths alone are added up, as it reads them; other frames it does not read.
 */
export function gifData(bytes: Buffer, { width, height }: ImageSize): Unfolded {
  const at = firstFrame(bytes)
  if (at === undefined) return "damaged"
  const most = 2 * width * height + FREE_PIXELS
  return writesMore(bytes, at, most) ? "more" : "fits"
}

/** Where its data begin: with the bits of a pixel. */
function firstFrame(bytes: Buffer): number | undefined {
  let at = HEADER_BYTES + tableBytes(bytes[10] ?? 0)
  for (;;) {
    const kind = bytes[at++]
    if (kind === 0x2c) return at + FRAME_BYTES + tableBytes(bytes[at + 8] ?? 0)
    // Extensions. That of four bytes, with delays and transparency, has no other length.
    if (kind !== 0x21 || (bytes[at] === 0xf9 && bytes[at + 1] !== 4)) return undefined
    for (at += 1; bytes[at] !== 0; at += bytes[at]! + 1) if (at >= bytes.length) return undefined
    at++
  }
}

/** Of a table of colours, where there is one. */
function tableBytes(flags: number): number {
  return flags >= 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

function writesMore(bytes: Buffer, from: number, most: number): boolean {
  const codes = new Codes(bytes, from + 1)
  const pixelBits = bytes[from] ?? 0
  if (pixelBits > LONGEST_CODE_BITS) return false
  const clear = 1 << pixelBits
  const lengths = new Uint16Array(MOST_CODES + 1).fill(1, 0, clear)
  let bits = pixelBits + 1
  let known = clear + 2
  let last = -1
  let written = 0
  while (written <= most) {
    const code = codes.next(bits)
    if (code === clear) {
      bits = pixelBits + 1
      known = clear + 2
      last = -1
      continue
    }
    // The end, or what no reader knows.
    if (code === undefined || code === clear + 1 || code > known || (last < 0 && code === known)) return false
    if (last >= 0) {
      if (known + 1 > MOST_CODES) return false
      lengths[known++] = lengths[last]! + 1
    }
    written += lengths[code]!
    if (known === 1 << bits && bits < LONGEST_CODE_BITS) bits++
    last = code
  }
  return true
}

/** The codes in a frame's blocks, the lowest bits first. */
class Codes {
  readonly #bytes: Buffer
  #at: number
  #left = 0
  #bits = 0
  #count = 0

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes
    this.#at = from
  }

  /** @returns undefined after the last */
  next(bits: number): number | undefined {
    while (this.#count < bits) {
      if (this.#left === 0) this.#left = this.#bytes[this.#at++] ?? 0
      const byte = this.#bytes[this.#at++]
      if (this.#left === 0 || byte === undefined) return undefined
      this.#left--
      this.#bits |= byte << this.#count
      this.#count += 8
    }
    const code = this.#bits & ((1 << bits) - 1)
    this.#bits >>>= bits
    this.#count -= bits
    return code
  }
}
