/** The width and height of an image, in pixels, as its header says. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** Of bytes that are decoded at once. Multiples of three bytes are four letters of base64 each. */
const WINDOW_BYTES = 3 * 1_024
/** Of a JPEG before its size: a colour profile has 255 at most. What a program could hold up a server with is more. */
const MOST_SEGMENTS = 4_096
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * The size of a PNG, JPEG, GIF or BMP, read from its first bytes: of the text no more is decoded than the header takes. The kind is judged by
 * the bytes, whatever media type the URL names. Headers as their specifications have them, and read where stb_image, by which llama.cpp reads images, reads them.
 * @param url a data URL in base64
 * @returns undefined for other kinds, and where no size of at least one pixel is to be read
 */
export function imageSize(url: string): ImageSize | undefined {
  const bytes = new Base64Bytes(url, url.indexOf(",") + 1)
  const size = SIZES.find(({ begins }) => begins.every((byte, at) => byte === null || bytes.at(at) === byte))?.read(
    bytes,
  )
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined
}

/** A byte that must be there; null for any. */
type Beginning = readonly (number | null)[]

const letters = (text: string): number[] => [...Buffer.from(text, "latin1")]
const ANY_FOUR = [null, null, null, null]

const SIZES: readonly { begins: Beginning; read: (bytes: Base64Bytes) => ImageSize | undefined }[] = [
  {
    // A first chunk of another kind is Apple's CgBI, or no PNG.
    begins: [0x89, ...letters("PNG\r\n\x1a\n"), ...ANY_FOUR, ...letters("IHDR")],
    read: (bytes) => ({ width: bytes.big(16, 4), height: bytes.big(20, 4) }),
  },
  { begins: [0xff, 0xd8, 0xff], read: jpegSize },
  { begins: letters("GIF87a"), read: gifSize },
  { begins: letters("GIF89a"), read: gifSize },
  { begins: letters("BM"), read: bmpSize },
]

function gifSize(bytes: Base64Bytes): ImageSize {
  return { width: bytes.little(6, 2), height: bytes.little(8, 2) }
}

function bmpSize(bytes: Base64Bytes): ImageSize {
  // OS/2's header, of 12 bytes, has shorter numbers.
  if (bytes.little(14, 4) === 12) return { width: bytes.little(18, 2), height: bytes.little(20, 2) }
  // A height below zero is that of rows from the top.
  return { width: bytes.little(18, 4), height: Math.abs(bytes.little(22, 4) | 0) }
}

/** From the first frame header (SOF), which may come after any number of segments: a camera's preview, a colour profile. */
function jpegSize(bytes: Base64Bytes): ImageSize | undefined {
  let at = 2
  for (let count = 0; count < MOST_SEGMENTS; count++) {
    // As stb_image does it: what is no marker between segments is passed over, and of several 0xff the last begins it.
    while (bytes.at(at) !== undefined && bytes.at(at) !== 0xff) at++
    while (bytes.at(at) === 0xff) at++
    const marker = bytes.at(at++)
    // The image itself, or its end, before a size.
    if (marker === undefined || marker === 0xd9 || marker === 0xda) return undefined
    if (standsAlone(marker)) continue
    if (isFrame(marker)) return { height: bytes.big(at + 3, 2), width: bytes.big(at + 5, 2) }
    const length = bytes.big(at, 2)
    if (!(length >= 2)) return undefined
    at += length
  }
  return undefined
}

/** Has no length after it: stuffed bytes, restarts, a second beginning. */
function standsAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)
}

/** 0xc4, 0xc8 and 0xcc among them are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** Bytes of a text in base64, decoded a window at a time, where they are asked for. */
class Base64Bytes {
  readonly #text: string
  readonly #from: number
  #windowAt = Number.NEGATIVE_INFINITY
  #window: Uint8Array = new Uint8Array()

  constructor(text: string, from: number) {
    this.#text = text
    this.#from = from
  }

  /** @returns undefined beyond the end, and where there is anything but base64, which decoders pass over or end at, each as it likes */
  at(offset: number): number | undefined {
    const within = offset - this.#windowAt
    if (within >= 0 && within < WINDOW_BYTES) return this.#window[within]
    const index = Math.floor(offset / WINDOW_BYTES)
    const from = this.#from + (index * WINDOW_BYTES * 4) / 3
    const text = this.#text.slice(from, from + (WINDOW_BYTES * 4) / 3)
    this.#window = BASE64.test(text) ? Buffer.from(text, "base64") : new Uint8Array()
    this.#windowAt = index * WINDOW_BYTES
    return this.#window[offset - this.#windowAt]
  }

  /** A number of so many bytes, the highest first; NaN beyond the end. */
  big(offset: number, count: number): number {
    let value = 0
    for (let index = 0; index < count; index++) value = value * 256 + (this.at(offset + index) ?? Number.NaN)
    return value
  }

  /** A number of so many bytes, the lowest first; NaN beyond the end. */
  little(offset: number, count: number): number {
    let value = 0
    for (let index = count; index-- > 0; ) value = value * 256 + (this.at(offset + index) ?? Number.NaN)
    return value
  }
}
