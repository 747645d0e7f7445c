/**
 * Damages a text as broken links, full disks and careless copies do. What is left out is what no reader of the text alone could
 * tell: a digit in place of a digit, a letter, dot, dash or star in place of another, and a blank or line feed that trades places with a
 * character of a word or number. A number that is nowhere said twice and has one digit more, less or another is a number like any other.
 */
export interface Mutation {
  readonly text: string
  readonly what: string
}

/** Between 0 and 1, from a seed: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const GARBAGE = [
  "\u0000",
  "\ufffd",
  "\u001b[31m",
  "#",
  "~",
  "^",
  "\u00e9",
  "\n",
  "\n\n",
  "\u0007\u0008",
  "@#",
  "}{",
  "\ufffd\ufffd\ufffd",
]

export function mutate(original: string, random: () => number): Mutation {
  const at = (length: number) => Math.floor(random() * length)
  const kinds = [
    truncate,
    truncate,
    dropLines,
    dropLines,
    swap,
    insert,
    insert,
    overwrite,
    doubleLine,
    joinLines,
    several,
  ]
  return (kinds[at(kinds.length)] ?? truncate)(original, at)
}

function truncate(text: string, at: (length: number) => number): Mutation {
  const length = at(text.length)
  return { text: text.slice(0, length), what: `cut after ${length}` }
}

function dropLines(text: string, at: (length: number) => number): Mutation {
  const lines = text.split("\n")
  const from = at(lines.length)
  const count = 1 + at(2)
  return { text: lines.toSpliced(from, count).join("\n"), what: `without ${count} lines from ${from}` }
}

const isOfWord = (character: string | undefined) => character !== undefined && /[A-Za-z0-9.,:_*-]/.test(character)

function swap(text: string, at: (length: number) => number): Mutation {
  for (let tries = 0; tries < 20; tries++) {
    const first = at(text.length)
    const second = at(2) === 0 ? first + 1 : at(text.length)
    const [a, b] = [text[first], text[second]]
    if (a === undefined || b === undefined || a === b) continue
    if ((isOfWord(a) || /\s/.test(a)) && (isOfWord(b) || /\s/.test(b))) continue
    const characters = text.split("")
    characters[first] = b
    characters[second] = a
    return { text: characters.join(""), what: `${first} and ${second} swapped` }
  }
  return truncate(text, at)
}

function insert(text: string, at: (length: number) => number): Mutation {
  const place = at(text.length + 1)
  const garbage = GARBAGE[at(GARBAGE.length)] ?? "#"
  return { text: text.slice(0, place) + garbage + text.slice(place), what: `${JSON.stringify(garbage)} at ${place}` }
}

function overwrite(text: string, at: (length: number) => number): Mutation {
  const place = at(text.length)
  const length = 1 + at(12)
  const garbage = "\ufffd".repeat(length)
  return { text: text.slice(0, place) + garbage + text.slice(place + length), what: `${length} lost at ${place}` }
}

function doubleLine(text: string, at: (length: number) => number): Mutation {
  const lines = text.split("\n")
  const from = at(lines.length)
  return { text: lines.toSpliced(from, 0, lines[from] ?? "").join("\n"), what: `line ${from} twice` }
}

function joinLines(text: string, at: (length: number) => number): Mutation {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index)
  const end = ends[at(ends.length)]
  if (end === undefined) return truncate(text, at)
  return { text: text.slice(0, end) + text.slice(end + 1), what: `without the line feed at ${end}` }
}

function several(text: string, at: (length: number) => number): Mutation {
  const parts: string[] = []
  let damaged = text
  for (let count = 0; count < 3; count++) {
    const one = [insert, overwrite, swap, dropLines][at(4)] ?? insert
    const mutation = one(damaged, at)
    damaged = mutation.text
    parts.push(mutation.what)
  }
  return { text: damaged, what: parts.join(", ") }
}
