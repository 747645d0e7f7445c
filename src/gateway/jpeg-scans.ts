/** Of a JPEG whose scans each bring whole pixels: one for each of its colours. */
export const MOST_PLAIN_SCANS = 4
/** Of a progressive one, whose scans each bring a little of all pixels: ten are usual. llama.cpp takes some 35 ms for each of 5,000 x 5,000 pixels, and twelve bytes are one. */
export const MOST_SCANS = 100

/**
 * Whether a JPEG has more scans than one has. Read as stb_image, by which llama.cpp reads images, reads it: previews within a segment, and what comes after the image's end, are
 * none of it.
 */
export function hasManyScans(bytes: Buffer): boolean {
  let scans = 0
  let most = MOST_PLAIN_SCANS
  for (let at = nextMarker(bytes, 2); at < bytes.length; ) {
    const marker = bytes[at]!
    if (marker === 0xd9) return false
    if (marker === 0xc2) most = MOST_SCANS
    if (marker === 0xda && ++scans > most) return true
    const length = at + 2 < bytes.length ? bytes.readUInt16BE(at + 1) : 0
    at = nextMarker(bytes, at + (standsAlone(marker) ? 1 : 1 + length))
  }
  return false
}

/** Has no length after it: restarts, a second beginning. */
function standsAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
}

/** Where the number of the next one is: of the bytes of pixels, those that are 0xff have a zero after them, or are a restart. */
function nextMarker(bytes: Buffer, from: number): number {
  for (let at = from; ; ) {
    const found = bytes.indexOf(0xff, at)
    if (found < 0) return bytes.length
    at = found + 1
    while (bytes[at] === 0xff) at++
    const marker = bytes[at]
    if (marker === undefined) return bytes.length
    if (marker !== 0 && !(marker >= 0xd0 && marker <= 0xd7)) return at
  }
}
