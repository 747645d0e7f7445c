/**
 * Messages of multicast DNS (RFC 6762, in the form of RFC 1035), as far as a browser of services needs them (RFC 6763): questions,
 * and answers of the types PTR, SRV and A. What comes is from anybody on the net and is believed in nothing but its form.
 */

export const TYPE_A = 1
export const TYPE_PTR = 12
export const TYPE_SRV = 33

const CLASS_IN = 1
const MOST_RECORDS = 500
const MOST_LABELS = 30
const MOST_LABEL_BYTES = 63
/** Pointers followed in one name: each must lead backwards, so this only bounds the work. */
const MOST_JUMPS = 30

export interface Question {
  readonly name: readonly string[]
  readonly type: number
}

export type DnsRecord =
  | { readonly type: "ptr"; readonly name: readonly string[]; readonly to: readonly string[] }
  | {
      readonly type: "srv"
      readonly name: readonly string[]
      readonly target: readonly string[]
      readonly port: number
    }
  | { readonly type: "a"; readonly name: readonly string[]; readonly address: string }

/** A query with these questions. @throws RangeError for a name that no message can hold */
export function encodeQuery(questions: readonly Question[]): Uint8Array {
  const parts = questions.map(({ name, type }) => [...encodeName(name), type >> 8, type & 255, 0, CLASS_IN])
  return Uint8Array.from([0, 0, 0, 0, 0, questions.length, 0, 0, 0, 0, 0, 0, ...parts.flat()])
}

/** The answers of a response, further records with them; `null` for what is none, or damaged. */
export function decodeResponse(message: Uint8Array): DnsRecord[] | null {
  try {
    return decode(message)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function decode(message: Uint8Array): DnsRecord[] | null {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const isResponse = (view.getUint8(2) & 0x80) !== 0
  if (!isResponse) return null
  const questions = view.getUint16(4)
  const count = view.getUint16(6) + view.getUint16(8) + view.getUint16(10)
  if (questions > MOST_RECORDS || count > MOST_RECORDS) return null
  let at = 12
  for (let i = 0; i < questions; i++) at = readName(view, at).next + 4
  const records: DnsRecord[] = []
  for (let i = 0; i < count; i++) {
    const { name, next } = readName(view, at)
    const type = view.getUint16(next)
    const length = view.getUint16(next + 8)
    const data = next + 10
    if (data + length > view.byteLength) return null
    at = data + length
    if (type === TYPE_PTR) records.push({ type: "ptr", name, to: readName(view, data).name })
    else if (type === TYPE_SRV) {
      records.push({ type: "srv", name, target: readName(view, data + 6).name, port: view.getUint16(data + 4) })
    } else if (type === TYPE_A && length === 4) {
      records.push({ type: "a", name, address: [...message.subarray(data, data + 4)].join(".") })
    }
  }
  return records
}

/** A name at an offset, and where what follows it is. @throws RangeError where it is damaged */
function readName(view: DataView, from: number): { readonly name: readonly string[]; readonly next: number } {
  const labels: string[] = []
  let at = from
  let next: number | undefined
  for (let jumps = 0; labels.length <= MOST_LABELS; ) {
    const length = view.getUint8(at)
    if (length === 0) return { name: labels, next: next ?? at + 1 }
    if ((length & 0xc0) === 0xc0) {
      const target = view.getUint16(at) & 0x3fff
      next ??= at + 2
      if (target >= at || ++jumps > MOST_JUMPS) break
      at = target
      continue
    }
    if (length > MOST_LABEL_BYTES || at + 1 + length > view.byteLength) break
    labels.push(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 1, length)))
    at += 1 + length
  }
  throw new RangeError("a name is damaged")
}

/** @throws RangeError for an empty label, or one that is too long */
export function encodeName(name: readonly string[]): number[] {
  const bytes = name.flatMap((label) => {
    const text = [...new TextEncoder().encode(label)]
    if (text.length === 0 || text.length > MOST_LABEL_BYTES) throw new RangeError(`"${label}" is no label`)
    return [text.length, ...text]
  })
  return [...bytes, 0]
}
