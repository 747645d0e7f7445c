/** What a 206 says of its bytes: from, to (included), and how many there are in all; `null` where it says none. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  readonly total: number | null
}

/** Reads a `Content-Range` (RFC 9110, 14.4); `null` for what is none. */
export function readContentRange(text: string | null): ContentRange | null {
  const match = /^\s*bytes\s+(\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)\s*$/i.exec(text ?? "")
  if (match === null) return null
  const [first, last] = [Number(match[1]), Number(match[2])]
  const total = match[3] === "*" ? null : Number(match[3])
  if (![first, last, total ?? 0].every(Number.isSafeInteger)) return null
  return first <= last && (total === null || last < total) ? { first, last, total } : null
}

/** Reads a `Retry-After` (RFC 9110, 10.2.3): seconds, or a time; in milliseconds from now on. `null` where it says nothing. */
export function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null
  if (/^\s*\d{1,12}\s*$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

/** Where the next page is, from a `Link` (RFC 8288); `null`: there is none. */
export function readNextPage(text: string | null): string | null {
  for (const link of (text ?? "").split(/,(?=\s*<)/)) {
    const match = /^\s*<([^>]{1,4096})>\s*;(.*)$/.exec(link)
    if (match !== null && /(?:^|;)\s*rel="?next"?\s*(?:;|$)/i.test(match[2] ?? "")) return match[1] ?? null
  }
  return null
}

/** An ETag that stands for these very bytes, so that a range of them may be asked for; `null` for a weak one. */
export function strongEtag(text: string | null): string | null {
  return text !== null && /^"[\x21\x23-\x7e]{1,512}"$/.test(text) ? text : null
}
