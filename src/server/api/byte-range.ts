/** What a `Range` header asks for of a body of bytes. */
export interface ByteRange {
  readonly from: number
  /** The first byte that is not asked for; `null`: to the end. */
  readonly to: number | null
}

/**
 * Reads a `Range` header as RFC 9110 says, 14.2: `null` where it is to be ignored, because it is no range of bytes, its last
 * byte lies before its first, or it names several, which a server need not give.
 * @param end how many bytes there are: `bytes=-N` counts from there
 */
export function readByteRange(header: string, end: number): ByteRange | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || first + last === "") return null
  if (first === "") return { from: Math.max(0, end - Number(last)), to: null }
  if (last === "") return { from: Number(first), to: null }
  return Number(last) < Number(first) ? null : { from: Number(first), to: Number(last) + 1 }
}
