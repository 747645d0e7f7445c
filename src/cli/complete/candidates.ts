import type { JobList } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"
import { isFinal, JOB_STATES } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import type { Command } from "../command-line/command.ts"
import { typedName } from "../command-line/option.ts"
import { COMMAND_GROUPS, findCommand } from "../command-list.ts"
import { commandText } from "../render/job-text.ts"
import { printable } from "../render/table.ts"
import { placeOf } from "./place.ts"

export interface Candidate {
  readonly text: string
  readonly meaning: string
}

const MAX_JOBS = 50
/** Of these also jobs that have ended are meant. */
const OF_ENDED_JOBS = new Set(["show", "logs", "get", "rerun", "events"])

/** What the last of these words, as far as it is typed, may become. Asks the server where jobs or hosts are meant. */
export async function candidatesFor(cli: Cli, words: readonly string[], signal: AbortSignal): Promise<Candidate[]> {
  const last = words.at(-1) ?? ""
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
    case "operand":
      return starting(await valuesOf(cli, command, command.operands, signal), last)
    case "value": {
      const named = place.key === "host" ? "HOST" : place.option.placeholder
      return starting(await valuesOf(cli, command, named, signal), place.typed)
    }
  }
}

function starting(all: readonly Candidate[], typed: string): Candidate[] {
  return all.filter(({ text }) => text.startsWith(typed))
}

/** First words of commands, or second ones behind `host`. */
function commandWords(before: readonly string[]): Candidate[] {
  const [first, ...more] = before
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

/** By the word that stands for it in help: `JOB`, `[HOST]...`, `bash|zsh|fish`. */
async function valuesOf(cli: Cli, command: Command, placeholder: string, signal: AbortSignal): Promise<Candidate[]> {
  const name = /[A-Z]+/.exec(placeholder)?.[0]
  if (/^[a-z]+(\|[a-z]+)+$/.test(placeholder)) return placeholder.split("|").map((text) => ({ text, meaning: "" }))
  if (name === "STATE") return JOB_STATES.map((text) => ({ text, meaning: "" }))
  if (name === "ROLE") return ["user", "admin"].map((text) => ({ text, meaning: "" }))
  if (name === "JOB") return jobs(cli, OF_ENDED_JOBS.has(command.name), signal)
  return name === "HOST" ? hosts(cli, signal) : []
}

async function jobs(cli: Cli, ended: boolean, signal: AbortSignal): Promise<Candidate[]> {
  const state = ended ? undefined : JOB_STATES.filter((one) => !isFinal(one)).join(",")
  const query = { state, limit: MAX_JOBS }
  const list = await cli.client.get<JobList>("/v1/jobs", { query, signal, patienceMs: 0 })
  return list.jobs.flatMap(({ id, spec, state: stands }) => {
    const meaning = printable(`${stands}: ${commandText(spec.command)}`)
    return [String(id), ...(spec.name === null ? [] : [spec.name])].map((text) => ({ text, meaning }))
  })
}

async function hosts(cli: Cli, signal: AbortSignal): Promise<Candidate[]> {
  const list = await cli.client.get<{ hosts: HostView[] }>("/v1/hosts", { signal, patienceMs: 0 })
  return list.hosts.map(({ name, link, facts }) => ({ text: name, meaning: printable(facts?.chip ?? link) }))
}
