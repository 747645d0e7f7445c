import { JOB_STATES } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import type { Command } from "../command-line/command.ts"
import { typedName } from "../command-line/option.ts"
import { COMMAND_GROUPS, findCommand } from "../command-list.ts"
import { operandsIn, placeOf } from "./place.ts"
import { ruleNames, ruleWords } from "./rule-words.ts"
import { type Named, namesOf } from "./server-names.ts"

export interface Candidate {
  readonly text: string
  readonly meaning: string
}

/** What NAME and ID stand for where help need not say it. */
const OPERANDS: Readonly<Record<string, Named>> = {
  "data add": "DATA",
  "data show": "DATA",
  "data rm": "DATA",
  "model serve": "MODEL",
  "user rm": "USER",
  "token revoke": "TOKEN",
  "invite rm": "INVITE",
  "secret set": "SECRET",
  "secret rm": "SECRET",
  "notify rm": "TARGET",
}
const OPTIONS: Readonly<Record<string, Named>> = {
  host: "HOST",
  data: "DATA",
  user: "USER",
  secret: "SECRET",
  account: "ACCOUNT",
  qos: "QOS",
  partition: "PARTITION",
}

/** What the last of these words, as far as it is typed, may become. Asks the server where what it has is meant. */
export async function candidatesFor(cli: Cli, words: readonly string[], signal: AbortSignal): Promise<Candidate[]> {
  const last = words.at(-1) ?? ""
  // "data" alone is a command as well, and the beginning of others.
  const inside = words.length === 2 && !last.startsWith("-") ? commandWords(words.slice(0, -1)) : []
  if (inside.length > 0) return starting(inside, last)
  const found = words.length > 1 ? findCommand(words.slice(0, -1)) : undefined
  if (found === undefined) return starting(commandWords(words.slice(0, -1)), last)
  const command = await found.load()
  const own = [...found.rest, last]
  const place = placeOf(command, own)
  switch (place.kind) {
    case "foreign":
      return []
    case "option":
      return starting(optionsOf(command), last)
    case "operand": {
      const rules = await ruleWords(cli, command.name, operandsIn(command, own), signal)
      if (rules !== undefined) return starting(rules.candidates, rules.typed)
      return starting(
        await valuesOf(cli, command, operandAt(command, place.number), OPERANDS[command.name], signal),
        last,
      )
    }
    case "value": {
      const { key, option, typed } = place
      // Of "up" and "uninstall" it is a folder.
      const named = option.placeholder === "DIR" ? undefined : OPTIONS[key]
      return starting(await valuesOf(cli, command, option.placeholder, named, signal), typed)
    }
  }
}

function starting(all: readonly Candidate[], typed: string): Candidate[] {
  return all.filter(({ text }) => text.startsWith(typed))
}

/** First words of commands, or second ones behind `host`. */
function commandWords(before: readonly string[]): Candidate[] {
  const [first, ...more] = before
  if (first === "help" && more.length === 1) return commandWords(more)
  if (more.length > 0) return []
  const all = Object.values(COMMAND_GROUPS).flatMap((group) => Object.entries(group))
  const shown = all.filter(([, { hidden = false }]) => !hidden)
  if (first === "help" || first === undefined) {
    const names = new Map<string, string>()
    for (const [name, { summary }] of shown) {
      const [word = "", second] = name.split(" ")
      names.set(word, second === undefined ? summary : `${word} ...`)
    }
    if (first === undefined) names.set("help", "all about a command")
    return [...names].map(([text, meaning]) => ({ text, meaning }))
  }
  const inside = shown.filter(([name]) => name.startsWith(`${first} `))
  return inside.map(([name, { summary }]) => ({ text: name.slice(first.length + 1), meaning: summary }))
}

function optionsOf({ options }: Command): Candidate[] {
  const own = Object.entries(options).map(([key, { help }]) => ({ text: `--${typedName(key)}`, meaning: help }))
  return [...own, { text: "--help", meaning: "how to use it" }]
}

/** The word of the usage line for the operand of this number: of `JOB PORT...` PORT for the second and all behind it. */
function operandAt({ operands }: Command, number: number): string {
  const words = operands.split(" ")
  const last = words.at(-1) ?? ""
  return words[number] ?? (last.includes("...") ? last : "")
}

/** By the word that stands for it in help: `JOB`, `[HOST]...`, `bash|zsh|fish`; or by what that is known to mean. */
async function valuesOf(
  cli: Cli,
  command: Command,
  placeholder: string,
  known: Named | undefined,
  signal: AbortSignal,
): Promise<Candidate[]> {
  if (/^[a-z]+(\|[a-z]+)+$/.test(placeholder)) return placeholder.split("|").map((text) => ({ text, meaning: "" }))
  const name = /[A-Z]+/.exec(placeholder)?.[0]
  if (placeholder !== "" && known !== undefined) return namesOf(cli, known, command.name, signal)
  if (name === "RULE") return ruleNames()
  if (name === "STATE") return JOB_STATES.map((text) => ({ text, meaning: "" }))
  if (name === "ROLE") return ["user", "admin"].map((text) => ({ text, meaning: "" }))
  if (name === "JOB" || name === "HOST" || name === "USER") return namesOf(cli, name, command.name, signal)
  return []
}
