/** What a command says about one of its options. The key in a table is the name in camelCase; people type it-like-this. */
export interface Option<Value> {
  readonly kind: "flag" | "value" | "list" | "bare"
  /** Stands for the value in help. */
  readonly placeholder: string
  readonly help: string
  readonly short: string | undefined
  /** Further names that are understood and not shown. */
  readonly also: readonly string[]
  /** Reads what was typed; throws SyntaxError saying what would be right. For `flag`, gets "true" or "false". */
  readonly read: (text: string) => unknown
  /** What the option is when it was not given. */
  readonly missing: Value
  /** For kind `bare`: what `--name` alone means. */
  readonly bareText: string | undefined
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>

/** The values of a table's options after parsing. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value> ? Value : never
}

interface Extras {
  readonly short?: string | undefined
  readonly also?: readonly string[] | undefined
}

/** `--name`, and `--no-name` to say the opposite. */
export function flag(help: string, extras: Extras = {}): Option<boolean> {
  return option("flag", "", help, (text) => text === "true", false, extras)
}

/** `--name VALUE`. */
export function value<Value>(
  placeholder: string,
  help: string,
  read: (text: string) => Value,
  extras: Extras = {},
): Option<Value | undefined> {
  return option("value", placeholder, help, read, undefined, extras)
}

/** `--name VALUE`, as often as wanted. */
export function list(placeholder: string, help: string, extras: Extras = {}): Option<readonly string[]> {
  return option("list", placeholder, help, notEmpty, [], extras)
}

/** `--name VALUE`, as often as wanted, each read. */
export function listOf<Value>(
  placeholder: string,
  help: string,
  read: (text: string) => Value,
): Option<readonly Value[]> {
  return option("list", placeholder, help, read, [])
}

export function option<Value>(
  kind: Option<Value>["kind"],
  placeholder: string,
  help: string,
  read: (text: string) => unknown,
  missing: Value,
  extras: Extras & { readonly bareText?: string | undefined } = {},
): Option<Value> {
  return {
    kind,
    placeholder,
    help,
    short: extras.short,
    also: extras.also ?? [],
    read,
    missing,
    bareText: extras.bareText,
  }
}

/** The plainest reader: any text but none. @throws {SyntaxError} */
export function notEmpty(text: string): string {
  if (text === "") throw new SyntaxError("it is empty")
  return text
}

/** `retryAfterSilence` is typed `retry-after-silence`. */
export function typedName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
