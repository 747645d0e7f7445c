const SLASH = "/".charCodeAt(0)

/** Pairs of first and last: the classes as git knows them, ASCII only. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["blank", "  \t\t"],
  ["cntrl", "\0\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "  \t\n\r\r"],
  ["upper", "AZ"],
  ["xdigit", "09AFaf"],
])

/** What stands for one character of a name: `?`, or a set as `[a-c]`. Never a slash. */
export class CharacterSet {
  readonly #pairs: string
  readonly #negated: boolean

  /** `pairs`: first and last character of one range after the other. */
  constructor(pairs: string, negated: boolean) {
    this.#pairs = pairs
    this.#negated = negated
  }

  has(code: number): boolean {
    if (code === SLASH) return false
    for (let i = 0; i < this.#pairs.length; i += 2) {
      if (code >= this.#pairs.charCodeAt(i) && code <= this.#pairs.charCodeAt(i + 1)) return !this.#negated
    }
    return this.#negated
  }
}

/** `?` */
export const ANY_CHARACTER = new CharacterSet("", true)

/**
 * Reads the set that begins with the `[` at `start`, and says where it ends; `undefined` when it has no end or names a
 * class that there is not: git then gives up the whole glob, which matches nothing.
 */
export function readCharacterSet(
  glob: string,
  start: number,
): { readonly set: CharacterSet; readonly end: number } | undefined {
  let at = start + 1
  const negated = glob[at] === "!" || glob[at] === "^"
  if (negated) at++
  let pairs = ""
  let last: string | undefined // what a "-" would begin its range with
  for (let isFirst = true; glob[at] !== "]" || isFirst; isFirst = false) {
    const named = glob.startsWith("[:", at) ? readClass(glob, at + 2) : null
    if (named === undefined) return undefined
    if (named !== null) {
      pairs += named.pairs
      last = undefined
      at = named.end
      continue
    }
    const isRange = glob[at] === "-" && last !== undefined && at + 1 < glob.length && glob[at + 1] !== "]"
    if (isRange) at++
    if (glob[at] === "\\") at++
    const character = glob[at++]
    if (character === undefined) return undefined
    // The begin of a range the wrong way round still counts for itself.
    pairs += isRange ? `${last}${character}` : `${character}${character}`
    last = isRange ? undefined : character
  }
  return { set: new CharacterSet(pairs, negated), end: at + 1 }
}

/** The class whose name begins at `start`; `null` when "[:" is no class but two characters, `undefined` to give up. */
function readClass(glob: string, start: number): { readonly pairs: string; readonly end: number } | null | undefined {
  const close = glob.indexOf("]", start)
  if (close === -1) return undefined
  if (close === start || glob[close - 1] !== ":") return null
  const pairs = CLASSES.get(glob.slice(start, close - 1))
  return pairs === undefined ? undefined : { pairs, end: close + 1 }
}
