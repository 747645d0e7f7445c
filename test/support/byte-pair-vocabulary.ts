/** A byte-level BPE vocabulary that is trained on a few sentences: small, and real, so that an engine's own tokenizer works with it. */

const CORPUS = `The quick brown fox jumps over the lazy dog. A server keeps the model in memory and answers each request.
The gateway sends a prompt to the host that already holds its beginning, so that the cache is used again.
When a member stops, the head must notice, say so, and end with the others. Nothing of a hive is alive after its end.
def mean(values): return sum(values) / len(values) if values else None
function answer(question) { const text = question.trim(); return text === "" ? null : text; }
You are a helpful assistant. What is the weather in Rome today? The weather in Rome is sunny, 21 degrees.
user assistant system tool one two three four five six seven eight nine ten 0123456789 hello world please write a story`

const MERGES = 300

export interface Vocabulary {
  readonly tokens: readonly string[]
  readonly merges: readonly string[]
  /** Kinds as GGUF numbers them: 1 normal, 3 control, 5 unused. */
  readonly kinds: readonly number[]
  readonly endOfText: number
  readonly endOfTurn: number
  /** Of tokens that are printable ASCII. */
  readonly isPrintable: readonly boolean[]
}

/** GPT-2's printable stand-ins for bytes. */
function letterOfByte(): string[] {
  const isOwn = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isOwn(byte) ? byte : next++))
}

/** Always the same one. Its length is a multiple of 32. */
export function trainVocabulary(): Vocabulary {
  const letters = letterOfByte()
  const byteOf = new Map(letters.map((letter, byte) => [letter, byte]))
  const words = new Map<string, { parts: string[]; count: number }>()
  for (const word of CORPUS.match(/ ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]+|\s+/g) ?? []) {
    const parts = [...Buffer.from(word)].map((byte) => letters[byte] ?? "")
    const known = words.get(word) ?? { parts, count: 0 }
    known.count += 1
    words.set(word, known)
  }
  const tokens = [...letters]
  const have = new Set(tokens)
  const merges: string[] = []
  while (merges.length < MERGES) {
    const pairs = new Map<string, number>()
    for (const { parts, count } of words.values()) {
      for (let at = 1; at < parts.length; at++) {
        const pair = `${parts[at - 1]} ${parts[at]}`
        pairs.set(pair, (pairs.get(pair) ?? 0) + count)
      }
    }
    const best = [...pairs].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0]
    if (best === undefined) break
    merges.push(best)
    const [left = "", right = ""] = best.split(" ")
    const joined = left + right
    if (!have.has(joined)) tokens.push(joined)
    have.add(joined)
    for (const word of words.values()) word.parts = merged(word.parts, left, right)
  }
  const normal = tokens.length
  tokens.push("<|endoftext|>", "<|im_start|>", "<|im_end|>")
  const special = tokens.length
  while (tokens.length % 32 !== 0) tokens.push(`<|unused${tokens.length}|>`)
  const isPrintable = tokens.map((token, at) => {
    const bytes = [...token].map((letter) => byteOf.get(letter) ?? 0)
    return at < normal && bytes.every((byte) => byte >= 32 && byte < 127)
  })
  const kinds = tokens.map((_, at) => (at < normal ? 1 : at < special ? 3 : 5))
  return { tokens, merges, kinds, endOfText: normal, endOfTurn: normal + 2, isPrintable }
}

function merged(parts: readonly string[], left: string, right: string): string[] {
  const out: string[] = []
  for (let at = 0; at < parts.length; at++) {
    if (parts[at] === left && parts[at + 1] === right) {
      out.push(left + right)
      at += 1
    } else out.push(parts[at] ?? "")
  }
  return out
}
