import type { Command } from "./command-line/command.ts"
import { accessCommands } from "./listed/access-commands.ts"
import { hostCommands } from "./listed/host-commands.ts"
import { jobCommands } from "./listed/job-commands.ts"
import type { Group } from "./listed/listed-command.ts"
import { modelCommands } from "./listed/model-commands.ts"
import { ownerCommands } from "./listed/owner-commands.ts"
import { policyCommands } from "./listed/policy-commands.ts"
import { reserveCommands } from "./listed/reserve-commands.ts"

const data: Group = {
  "data add": {
    summary: "store a folder for jobs, or say where hosts have it",
    load: async () => (await import("./commands/data-add.ts")).dataAdd,
  },
  "data ls": {
    summary: "the data jobs can use, and where it lies",
    also: ["data", "data list"],
    load: async () => (await import("./commands/data.ts")).dataLs,
  },
  "data show": {
    summary: "all about one data set: versions, hosts, jobs",
    load: async () => (await import("./commands/data.ts")).dataShow,
  },
  "data rm": {
    summary: "remove data",
    also: ["data remove", "data delete"],
    load: async () => (await import("./commands/data.ts")).dataRm,
  },
}

const help: Group = {
  completion: {
    summary: "a script that lets Tab complete commands, options, jobs and hosts",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  skill: {
    summary: "how a program, for instance a coding assistant, should drive windfall",
    load: async () => (await import("./commands/skill.ts")).skill,
  },
  complete: {
    summary: "what may stand in the place of the last word; called by the script of completion",
    hidden: true,
    load: async () => (await import("./commands/complete.ts")).complete,
  },
}

/** All there is to type, in the order of the help page. */
export const COMMAND_GROUPS: Readonly<Record<string, Group>> = {
  Jobs: jobCommands,
  Data: data,
  Hosts: hostCommands,
  "Your Mac": ownerCommands,
  Reservations: reserveCommands,
  Policy: policyCommands,
  Models: modelCommands,
  "Server and access": accessCommands,
  "This command line": help,
}

export interface FoundCommand {
  readonly load: () => Promise<Command>
  /** Typed by programs: nothing but what it is for may be printed. */
  readonly hidden: boolean
  /** The words after the command's own. */
  readonly rest: readonly string[]
}

/** The command that `words` begin with, two words first. */
export function findCommand(words: readonly string[]): FoundCommand | undefined {
  for (const count of [2, 1]) {
    if (words.length < count) continue
    const typed = words.slice(0, count).join(" ")
    for (const group of Object.values(COMMAND_GROUPS)) {
      const listed = Object.hasOwn(group, typed)
        ? group[typed]
        : Object.values(group).find((one) => one.also?.includes(typed))
      if (listed !== undefined) return { load: listed.load, hidden: listed.hidden ?? false, rest: words.slice(count) }
    }
  }
  return undefined
}

/**
 * Whether the words name no command but the room of several: `data`, `notify ...` with a second word that is none of them. The
 * first word alone may be a command too.
 */
export function isRoom(words: readonly string[]): boolean {
  const found = findCommand(words)
  const isWhole = found !== undefined && words.length - found.rest.length > 1
  return !isWhole && namesAll().some((name) => name.startsWith(`${words[0]} `))
}

function namesAll(): string[] {
  return Object.values(COMMAND_GROUPS).flatMap((group) => Object.keys(group))
}
