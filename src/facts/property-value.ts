export type PropertyValue = string | number | boolean | PropertyData | readonly PropertyValue[] | PropertyDictionary
/** `<0900...>`, or `<"text","text">` where the bytes are text. */
export interface PropertyData {
  readonly hex: string
  readonly texts: readonly string[]
}
export type PropertyDictionary = ReadonlyMap<string, PropertyValue>

export interface ReadProperty {
  readonly value: PropertyValue
  /** True when its own last character says that it ends there: a quote, a bracket, Yes or No. A number may always go on. */
  readonly endsItself: boolean
}

class PropertyFault extends SyntaxError {}
const DEEPEST = 60

/**
 * A property's value as ioreg(8) prints it (IOKitTools, ioreg.c): `12`, `"text"`, `Yes`, `<00ff>`, `<"text">`, `(a,b)`, sets `[a,b]`,
 * `{"key"=value,...}`. Negative numbers are printed as unsigned ones of 64 bits; here they are negative again. `null` for
 * anything else: damaged, or cut.
 */
export function parsePropertyValue(text: string): ReadProperty | null {
  const reader = new Reader(text)
  try {
    const value = reader.value()
    return reader.isAtEnd() ? { value, endsItself: typeof value !== "number" } : null
  } catch (error) {
    if (error instanceof PropertyFault) return null
    throw error
  }
}

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  isAtEnd(): boolean {
    return this.#text.slice(this.#at).trim() === ""
  }

  value(): PropertyValue {
    if (++this.#depth > DEEPEST) throw new PropertyFault("too deep")
    const value = this.#value()
    this.#depth--
    return value
  }

  #value(): PropertyValue {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string()
      case "{":
        return this.#dictionary()
      case "(":
        return this.#list(")", () => this.value())
      case "[":
        return this.#list("]", () => this.value())
      case "<":
        return this.#data()
      default: {
        const word = this.#match(/(?:Yes|No|0|[1-9]\d{0,19})(?![\w.])/y)
        return word === "Yes" || word === "No" ? word === "Yes" : numberOf(word)
      }
    }
  }

  #string(): string {
    const quoted = this.#match(/"(?:[^"\\]|\\.)*"/y)
    return quoted.slice(1, -1).replace(/\\(.)/g, "$1")
  }

  #dictionary(): PropertyDictionary {
    const entries = this.#list("}", () => {
      const key = this.#string()
      this.#match(/=/y)
      return [key, this.value()] as const
    })
    const dictionary = new Map(entries)
    if (dictionary.size !== entries.length) throw new PropertyFault("a key is there twice")
    return dictionary
  }

  #data(): PropertyData {
    if (this.#text[this.#at + 1] === '"') return { hex: "", texts: this.#list(">", () => this.#string()) }
    const hex = this.#match(/<(?:[0-9a-f]{2})*>/y)
    return { hex: hex.slice(1, -1), texts: [] }
  }

  #list<Item>(end: string, item: () => Item): Item[] {
    this.#at++
    const items: Item[] = []
    while (this.#text[this.#at] !== end) {
      if (items.length > 0) this.#match(/,/y)
      items.push(item())
    }
    this.#at++
    return items
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw new PropertyFault(`unexpected text at ${this.#at}`)
    this.#at = pattern.lastIndex
    return match[0]
  }
}

function numberOf(digits: string): number {
  return Number(BigInt.asIntN(64, BigInt(digits)))
}

export function isDictionary(value: PropertyValue | undefined): value is PropertyDictionary {
  return value instanceof Map
}

export function isList(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value)
}
