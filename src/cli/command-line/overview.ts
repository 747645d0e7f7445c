import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { COMMAND_GROUPS, findCommand } from "../command-list.ts"
import { commandText } from "../render/job-text.ts"
import { renderHelp, renderRows } from "./help.ts"
import { slurmOptionsEnd } from "./slurm-options.ts"

/** The page that `windfall` alone and `windfall --help` show. */
export function renderOverview(width: number): string {
  const room = Math.min(Math.max(width, 40), 100)
  const groups = Object.entries(COMMAND_GROUPS).flatMap(([title, group]) => [
    "",
    `${title}:`,
    ...renderRows(
      Object.entries(group)
        .filter(([, { hidden = false }]) => !hidden)
        .map(([name, listed]) => [name, listed.summary]),
      room,
    ),
  ])
  return [
    "Windfall: the Macs a lab already owns as one private computer.",
    "",
    "Usage: windfall COMMAND [options]",
    "",
    "  windfall send -- python train.py   run it on an idle Mac, get its files",
    ...groups,
    "",
    "More about each: windfall COMMAND --help; all of it: windfall help COMMAND.",
    "Tab completes: windfall completion bash. The release: windfall --version",
    "",
  ].join("\n")
}

/** The commands that begin with a word which is none alone, as `host`; `undefined` when there are none. */
export function renderGroup(word: string, width: number): string | undefined {
  const inside = Object.values(COMMAND_GROUPS)
    .flatMap((group) => Object.entries(group))
    .filter(([name]) => name.startsWith(`${word} `))
  if (inside.length === 0) return undefined
  const room = Math.min(Math.max(width, 40), 100)
  const rows = inside.map(([name, { summary }]) => [name, summary] as [string, string])
  return [...renderRows(rows, room), "", `More about each: windfall ${word} COMMAND --help`, ""].join("\n")
}

/**
 * The same page, after the help of the word itself where that is a command, too, under this very name: `reserve`. `undefined` when no
 * command begins with it.
 */
export async function renderRoom(word: string, width: number): Promise<string | undefined> {
  const group = renderGroup(word, width)
  if (group === undefined || !Object.values(COMMAND_GROUPS).some((one) => Object.hasOwn(one, word))) return group
  const own = await findCommand([word])?.load()
  return own === undefined ? group : `${renderHelp(own, width)}\nCommands beside it:\n${group}`
}

/** Commands of the schedulers people come from, and of Windfall's own rooms. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  sbatch: "windfall send --detach -- CMD   (a script's #SBATCH lines become options, or a windfall.yml)",
  srun: "windfall send -- CMD",
  salloc: "windfall shell",
  qsub: "windfall send --detach -- CMD",
  qstat: "windfall ps",
  qdel: "windfall stop JOB",
  sacct: "windfall ps --all",
  scancel: "windfall stop JOB",
  sinfo: "windfall host ls",
  scontrol: "windfall show JOB   or   windfall host show HOST",
  ssh: "windfall shell JOB   (a terminal where a job runs)",
  exec: "windfall shell JOB",
  start: "windfall up   (a server)   or   windfall send -- CMD   (a job)",
  "-v": "windfall --version",
  python: "windfall send -- python ...",
  python3: "windfall send -- python3 ...",
}

/** The line that does the same with the very words, without the other program's own options. */
function typedAgain([typed = "", ...words]: readonly string[]): string | undefined {
  const isSlurm = typed === "srun" || typed === "sbatch"
  const rest = isSlurm ? words.slice(slurmOptionsEnd(words)) : words
  if (rest.length === 0 || (rest[0]?.startsWith("-") && !/^python3?$/.test(typed))) return undefined
  const line = (...again: string[]) => commandText(again).slice(0, 200)
  const dropped = rest.length < words.length ? "   (its options have other names here: windfall send --help)" : ""
  switch (typed) {
    case "srun":
      return line("windfall", "send", "--", ...rest) + dropped
    case "scancel":
      return line("windfall", "stop", ...rest)
    case "scontrol":
      return rest[0] === "show" && rest[1] === "job" && rest.length === 3
        ? line("windfall", "show", ...rest.slice(2))
        : undefined
    case "python":
    case "python3":
      return line("windfall", "send", "--", typed, ...rest)
    case "sbatch":
    case "qsub":
      return `${line("windfall", "send", "--detach", "--", "sh", ...rest)}${dropped}   (its #SBATCH or #PBS lines become options, or a windfall.yml)`
    default:
      return undefined
  }
}

/** The answer to a first word that is no command: the right line where it can be told. */
export function unknownCommand(words: readonly string[]): WindfallError {
  const typed = words[0] ?? ""
  const names = Object.values(COMMAND_GROUPS).flatMap((group) => Object.keys(group))
  const inside = names.filter((name) => name.startsWith(`${typed} `))
  if (inside.length > 0) {
    const second = words[1]
    const near = second === undefined ? undefined : closest(`${typed} ${second}`, inside)
    return new WindfallError(
      "unknown_command",
      second === undefined || second.startsWith("-")
        ? `Cannot run ${typed} alone: say what to do`
        : `Cannot run ${typed} ${second}: there is no such command`,
      {
        hint:
          near === undefined
            ? `One of: ${inside.map((name) => `windfall ${name}`).join(", ")}`
            : `Did you mean windfall ${near}?`,
      },
    )
  }
  const known = typedAgain(words) ?? (Object.hasOwn(ELSEWHERE, typed) ? ELSEWHERE[typed] : undefined)
  const singles = [...new Set(names.map((name) => name.split(" ")[0] as string))]
  const near = closest(typed, singles)
  const hint =
    known !== undefined
      ? `Here it is: ${known}`
      : near !== undefined
        ? `Did you mean windfall ${[near, ...words.slice(1)].join(" ").slice(0, 80)}?`
        : "See what there is: windfall --help. To run a command on a Mac: windfall send -- CMD"
  return new WindfallError(
    "unknown_command",
    `Cannot run ${JSON.stringify(typed.slice(0, 60))}: there is no such command`,
    { hint },
  )
}
