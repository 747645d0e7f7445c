import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type Option, type OptionTable, type OptionValues, typedName } from "./option.ts"

export interface ParsedLine<Table extends OptionTable> {
  readonly options: OptionValues<Table>
  /** The names of the options that were given. */
  readonly given: ReadonlySet<string>
  readonly operands: readonly string[]
  /** Whether `--help` or `-h` was among the options; nothing else then matters. */
  readonly help: boolean
}

/**
 * Reads a command's words against its options. `operandsEnd`: the first operand ends the options, as for a command line
 * within the command line. `--` always does.
 * @throws {WindfallError} `invalid_input` for an unknown option (with the nearest one), a missing or bad value, and for
 * two different values of an option that has one
 */
export function parseOptions<Table extends OptionTable>(
  words: readonly string[],
  table: Table,
  { operandsEnd = false, command = "" }: { operandsEnd?: boolean; command?: string } = {},
): ParsedLine<Table> {
  const names = byName(table)
  const values: Record<string, unknown> = {}
  const texts = new Map<string, string>()
  const operands: string[] = []
  let help = false

  const set = (key: string, typed: string, text: string) => {
    const one = table[key] as Option<unknown>
    const earlier = texts.get(key)
    if (one.kind !== "list" && earlier !== undefined && earlier !== text) {
      throw invalid(
        `Cannot read the options: ${typed} is given twice, as ${quoted(earlier)} and ${quoted(text)}`,
        "Leave one of them out",
      )
    }
    texts.set(key, text)
    let read: unknown
    try {
      read = one.read(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      if (one.kind === "flag") throw invalid(`Cannot read ${typed}: ${error.message}`)
      throw invalid(
        `Cannot read ${typed} ${quoted(text)}: ${error.message}`,
        `${typed} ${one.placeholder}: ${one.help}`,
      )
    }
    values[key] = one.kind === "list" ? [...((values[key] as unknown[] | undefined) ?? []), read] : read
  }

  let at = 0
  const takeValue = (one: Option<unknown>, typed: string, attached: string | undefined): string => {
    if (attached !== undefined) return attached
    const next = words[at + 1]
    if (one.kind === "bare") {
      // `--gpu 1 -- cmd` means a number; anything else that follows is the command's own.
      if (next === undefined || !/^\d+$/.test(next) || !/^\d+$/.test(one.bareText ?? "")) return one.bareText ?? ""
    } else if (next === undefined || next === "--") {
      throw invalid(
        `Cannot read ${typed}: it needs a value, ${typed} ${one.placeholder}`,
        `${typed} ${one.placeholder}: ${one.help}`,
      )
    }
    at++
    return next
  }

  for (; at < words.length; at++) {
    const word = words[at] as string
    if (word === "--") {
      operands.push(...words.slice(at + 1))
      break
    }
    if (word === "--help" || word === "-h") {
      help = true
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=")
      const typed = equals === -1 ? word : word.slice(0, equals)
      const attached = equals === -1 ? undefined : word.slice(equals + 1)
      const key = names.get(typed)
      const opposite = typed.startsWith("--no-") ? names.get(`--${typed.slice(5)}`) : undefined
      if (key !== undefined) {
        const one = table[key] as Option<unknown>
        if (one.kind === "flag") {
          if (attached !== undefined)
            throw invalid(`Cannot read ${word}: ${typed} takes no value`, `Write ${typed} alone: ${one.help}`)
          set(key, typed, "true")
        } else set(key, typed, takeValue(one, typed, attached))
      } else if (opposite !== undefined && attached === undefined && table[opposite]?.kind === "flag") {
        set(opposite, typed, "false")
      } else if (opposite !== undefined && attached === undefined && table[opposite]?.kind === "bare") {
        set(opposite, typed, "0")
      } else throw unknown(typed, names, command)
    } else if (word.startsWith("-") && word !== "-") {
      for (let letter = 1; letter < word.length; letter++) {
        const typed = `-${word[letter]}`
        if (typed === "-h") {
          help = true
          continue
        }
        const key = names.get(typed)
        if (key === undefined) throw unknown(letter === 1 ? word : typed, names, command)
        const one = table[key] as Option<unknown>
        if (one.kind === "flag") {
          set(key, typed, "true")
          continue
        }
        const rest = word.slice(letter + 1).replace(/^=/, "")
        set(key, typed, takeValue(one, typed, rest === "" ? undefined : rest))
        break
      }
    } else {
      if (operandsEnd) {
        operands.push(...words.slice(at))
        break
      }
      operands.push(word)
    }
  }

  const given = new Set(Object.keys(values))
  for (const key of Object.keys(table)) if (!given.has(key)) values[key] = table[key]?.missing
  return { options: values as OptionValues<Table>, given, operands, help }
}

function byName(table: OptionTable): Map<string, string> {
  const names = new Map<string, string>()
  for (const [key, one] of Object.entries(table)) {
    names.set(`--${typedName(key)}`, key)
    for (const name of one.also) names.set(`--${name}`, key)
    if (one.short !== undefined) names.set(`-${one.short}`, key)
  }
  return names
}

function unknown(typed: string, names: ReadonlyMap<string, string>, command: string): WindfallError {
  const near = closest(
    typed,
    [...names.keys()].filter((name) => name.startsWith("--")),
  )
  const help = `windfall ${command === "" ? "" : `${command} `}--help`
  return new WindfallError("invalid_input", `Cannot read ${typed}: there is no such option`, {
    hint: near === undefined ? `See all options: ${help}` : `Did you mean ${near}? See all options: ${help}`,
  })
}

function invalid(message: string, hint?: string): WindfallError {
  return new WindfallError("invalid_input", message, { hint })
}

/** The value as typed, cut where it is endless. */
function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return /^[\w./:+@%,-]+$/.test(short) ? short : JSON.stringify(short)
}
