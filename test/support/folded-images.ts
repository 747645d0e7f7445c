/** A JPEG of which each scan brings the same of one colour, one bit a block. @param kind of its frame: 0xc0 plain, 0xc2 progressive */
export function jpegOfScans(size: number, scans: number, kind = 0xc2): Buffer {
  const word = (value: number) => [value >> 8, value & 0xff]
  const tables = [0xff, 0xdb, ...word(67), 0, ...ones(64)]
  // One code of one bit, for a difference of no bits.
  const codes = (of: number) => [0xff, 0xc4, ...word(20), of, 1, ...new Array<number>(15).fill(0), 0]
  const colours = [1, 2, 3].flatMap((colour) => [colour, 0x11, 0])
  const frame = [0xff, kind, ...word(17), 8, ...word(size), ...word(size), 3, ...colours]
  const scan = [0xff, 0xda, ...word(8), 1, 1, 0, 0, kind === 0xc2 ? 0 : 63, 0, 0, 0]
  // A preview has scans of its own.
  const preview = [0xff, 0xe1, ...word(2 + 5 * scan.length), ...[1, 2, 3, 4, 5].flatMap(() => scan)]
  const all = Array.from({ length: scans }, () => scan).flat()
  return Buffer.from([0xff, 0xd8, ...preview, ...tables, ...codes(0), ...codes(0x10), ...frame, ...all, 0xff, 0xd9])
}

/**
 * A GIF of one frame whose codes stand for more and more pixels, up to 4,096 each, again and again.
 * @param codes how many
 */
export function gifOfCodes(size: number, codes: number): Buffer {
  const clear = 4
  const data: number[] = []
  let [held, count, bits, known, since] = [0, 0, 3, 6, 0]
  const put = (code: number) => {
    held |= code << count
    for (count += bits; count >= 8; count -= 8) {
      data.push(held & 0xff)
      held >>>= 8
    }
  }
  for (let index = 0; index < codes; index++) {
    // stb_image ends at more than 8,192 since the last one.
    if (since++ % 8_000 === 0) {
      put(clear)
      ;[bits, known] = [3, 6]
      put(0)
    } else if (known < 4_096) {
      put(known++)
      if (known === 1 << bits && bits < 12) bits++
    } else put(4_095)
  }
  put(clear + 1)
  put(0)
  const blocks = Array.from({ length: Math.ceil(data.length / 255) }, (_, index) => {
    const block = data.slice(index * 255, (index + 1) * 255)
    return [block.length, ...block]
  })
  const side = [size & 0xff, size >> 8]
  const screen = [...Buffer.from("GIF89a"), ...side, ...side, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
  const extension = [0x21, 0xf9, 4, 0, 0, 0, 0, 0]
  const frame = [0x2c, 0, 0, 0, 0, ...side, ...side, 0, 2]
  return Buffer.from([...screen, ...extension, ...frame, ...blocks.flat(), 0, 0x3b])
}

function ones(count: number): number[] {
  return new Array<number>(count).fill(1)
}
