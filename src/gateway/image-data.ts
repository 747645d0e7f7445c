import { gifData } from "./gif-data.ts"
import type { ImageSize } from "./image-size.ts"
import { hasManyScans } from "./jpeg-scans.ts"
import { pngData, type Unfolded, type Unpack } from "./png-data.ts"

/** Letters that Node reads as base64, too. */
const OTHER_LETTERS = /[-_]/

/**
 * Whether the data of an image come to what its size takes, or to more, by which a few kilobytes have an engine work for minutes or take gigabytes. stb_image reads no
 * packed data of a BMP.
 * @param url a data URL in base64, of an image that has this size
 */
export async function imageData(url: string, size: ImageSize, unpack: Unpack): Promise<Unfolded> {
  const bytes = bytesOf(url.slice(url.indexOf(",") + 1))
  if (bytes === undefined) return "damaged"
  if (bytes[0] === 0x89) return await pngData(bytes, size, unpack)
  if (bytes[0] === 0xff) return hasManyScans(bytes) ? "more" : "fits"
  return bytes[0] === "G".charCodeAt(0) ? gifData(bytes, size) : "fits"
}

/** @returns undefined where there is anything but base64, which decoders pass over or end at, each as it likes */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64")
  const letters = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)
  // No byte ends with one letter of four.
  const isWhole = letters % 4 !== 1 && bytes.length === Math.floor((letters * 3) / 4)
  return isWhole && !OTHER_LETTERS.test(text) ? bytes : undefined
}
