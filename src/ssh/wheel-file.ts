import { inflateRawSync } from "node:zlib"
import { WindfallError } from "../protocol/errors.ts"

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const END_BYTES = 22

/**
 * Reads one file out of a wheel, which is a zip. No more of the format than wheels below 4 GB have: what is read has a known
 * hash, so there is nothing else to expect.
 * @throws {WindfallError} corrupt_data when it is no such archive, or the file is not in it
 */
export function readWheelFile(wheel: Buffer, name: string): Buffer {
  const end = wheel.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + END_BYTES > wheel.length || wheel.readUInt32LE(end) !== END_OF_DIRECTORY) throw noFile(name)
  let at = wheel.readUInt32LE(end + 16)
  for (let left = wheel.readUInt16LE(end + 10); left > 0; left--) {
    if (wheel.readUInt32LE(at) !== DIRECTORY_ENTRY) break
    const nameBytes = wheel.readUInt16LE(at + 28)
    const found = wheel.toString("utf8", at + 46, at + 46 + nameBytes)
    if (found === name) return contentOf(wheel, at)
    at += 46 + nameBytes + wheel.readUInt16LE(at + 30) + wheel.readUInt16LE(at + 32)
  }
  throw noFile(name)
}

/** @param entry where its entry of the directory begins */
function contentOf(wheel: Buffer, entry: number): Buffer {
  const isDeflated = wheel.readUInt16LE(entry + 10) === 8
  const bytes = wheel.readUInt32LE(entry + 20)
  const local = wheel.readUInt32LE(entry + 42)
  const start = local + 30 + wheel.readUInt16LE(local + 26) + wheel.readUInt16LE(local + 28)
  const content = wheel.subarray(start, start + bytes)
  return isDeflated ? inflateRawSync(content) : content
}

function noFile(name: string): WindfallError {
  return new WindfallError("corrupt_data", `Cannot read ${name} from a wheel: it is not in there`)
}
