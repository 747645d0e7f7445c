import { EXIT_CODES, JOB_EXIT_CODES } from "../command-line/manual-facts.ts"
import { COMMAND_GROUPS } from "../command-list.ts"

/** What a program does, and the lines for it. Each line is held against the commands' own tables by a test. */
const TASKS: readonly (readonly [title: string, advice: string, lines: readonly string[]])[] = [
  [
    "Look before you send",
    "Who is not logged in gets `not_logged_in`: ask the person, do not log in yourself. `--dry-run` says what would travel and sends nothing.",
    ["windfall host ls --json", "windfall ps --user all --json", "windfall send --dry-run --json -- python train.py"],
  ],
  [
    "Run something short",
    "It stays until the end; the exit code is the command's own, and files that were made or changed come home. `--yes` answers what would be asked.",
    ["windfall send --yes --json --memory 4G --time 10m -- python test.py"],
  ],
  [
    "Run something long",
    "`--detach` prints the job's number (`job` in JSON) and ends. Then wait with a limit, again and again if need be; exit code 124 means that it still runs, not that it failed.",
    [
      "windfall send --yes --detach --json --name train --memory 48G --time 8h -- python train.py",
      "windfall wait train --timeout 5m --json",
      "windfall logs train --tail 50",
      "windfall get train --json",
    ],
  ],
  [
    "When it does not start, or fails",
    "`why` has a stable code for each host; `show` has the job's cause. Read them before you send again.",
    ["windfall why train --json", "windfall show train --json", "windfall stop train --json"],
  ],
  [
    "Reach a running job",
    "These stay until they are ended: start them in the background, read the line with the address, and end them by a signal.",
    ["windfall forward train 8888:0 --json", "windfall ssh-config train --json"],
  ],
]

const RULES = [
  "Always give `--json` where a command has it: one object a line on standard output; an error is `{ error: { code, message, hint } }`. Decide by `code`, never by words.",
  "Nothing asks anything where no terminal is: what would be asked is refused, with what to give instead. Give `--yes` where it is there.",
  "Always give `--memory` and `--time`: without them a job has 512 MB and no limit.",
  "What follows `--` is the command, word by word, without a shell. For a pipe: `-- sh -c '...'`.",
  "Only the folder you are in travels, without what .gitignore names. Secrets never go on the command line: `--secret NAME`.",
  "Stop only jobs you have sent. Hosts, users and tokens are the administrator's.",
]

/** The whole text, in Markdown. */
export function renderSkill(): string {
  const tasks = TASKS.flatMap(([title, advice, lines]) => [`## ${title}`, "", advice, "", ...lines.map(indented), ""])
  return [
    "# windfall: run commands on the lab's Macs",
    "",
    "Windfall sends the folder you are in and a command to an idle Mac, where it runs natively (Metal, no container), streams its output, and brings its files home.",
    "",
    "## Rules",
    "",
    ...RULES.map((rule) => `- ${rule}`),
    "",
    ...tasks,
    "## Exit codes",
    "",
    "Of `send`, `attach` and `wait`:",
    "",
    ...JOB_EXIT_CODES.map(([code, meaning]) => `- ${code}: ${meaning}`),
    "",
    "Of all others:",
    "",
    ...EXIT_CODES.map(([code, meaning]) => `- ${code}: ${meaning}`),
    "",
    "## All commands",
    "",
    "`windfall help COMMAND` says everything about one.",
    "",
    ...commandLines(),
    "",
  ].join("\n")
}

/** The command lines that {@link renderSkill} tells to type. */
export function skillLines(): string[] {
  return TASKS.flatMap(([, , lines]) => lines)
}

function commandLines(): string[] {
  return Object.values(COMMAND_GROUPS).flatMap((group) =>
    Object.entries(group)
      .filter(([, { hidden = false }]) => !hidden)
      .map(([name, { summary }]) => `- \`${name}\`: ${summary}`),
  )
}

function indented(line: string): string {
  return `    ${line}`
}
