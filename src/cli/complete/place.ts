import type { Command } from "../command-line/command.ts"
import { type Option, typedName } from "../command-line/option.ts"

/** What may stand in the place of the last word. */
export type Place =
  | { readonly kind: "option" }
  | { readonly kind: "value"; readonly key: string; readonly option: Option<unknown>; readonly typed: string }
  | { readonly kind: "operand"; readonly number: number }
  /** The words of another program. */
  | { readonly kind: "foreign" }

/** Finds out where the last of a command's words stands. The words need not be right: they are still being typed. */
export function placeOf(command: Command, words: readonly string[]): Place {
  const last = words.at(-1) ?? ""
  let number = 0
  for (let at = 0; at < words.length - 1; at++) {
    const word = words[at] ?? ""
    if (word === "--") return command.operandsEnd === true ? { kind: "foreign" } : operandsAfter(words, at, number)
    if (!word.startsWith("-") || word === "-") {
      if (command.operandsEnd === true) return { kind: "foreign" }
      number++
      continue
    }
    const found = optionOf(command, word)
    const takesNext = found !== undefined && (found[1].kind === "value" || found[1].kind === "list")
    if (!takesNext || word.includes("=")) continue
    if (at === words.length - 2) return { kind: "value", key: found[0], option: found[1], typed: last }
    at++
  }
  if (last.startsWith("--") && last.includes("=")) {
    const found = optionOf(command, last)
    const typed = last.slice(last.indexOf("=") + 1)
    return found === undefined ? { kind: "foreign" } : { kind: "value", key: found[0], option: found[1], typed }
  }
  return last.startsWith("-") ? { kind: "option" } : { kind: "operand", number }
}

/** The operands up to the last word, which is one. */
export function operandsIn(command: Command, words: readonly string[]): string[] {
  return words.filter((word, at) => {
    if (word === "--") return false
    const { kind } = placeOf(command, words.slice(0, at + 1))
    return kind === "operand"
  })
}

function operandsAfter(words: readonly string[], end: number, before: number): Place {
  return { kind: "operand", number: before + words.length - 2 - end }
}

function optionOf({ options }: Command, word: string): [string, Option<unknown>] | undefined {
  const name = word.split("=", 1)[0]
  return Object.entries(options).find(([key, { short, also }]) => {
    const names = [
      `--${typedName(key)}`,
      ...also.map((other) => `--${other}`),
      ...(short === undefined ? [] : [`-${short}`]),
    ]
    return names.includes(name ?? "")
  })
}
