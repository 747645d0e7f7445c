import type { PolicyApplyRequest, PolicyApplyView, PolicyView } from "../../protocol/policy-api.ts"
import { changeText, diffPolicies } from "../../scheduler/policy/diff-policies.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { readPolicyInput } from "../policy/policy-input.ts"
import { printJson, say } from "../say.ts"

const MOST_MOVES = 20
const MOST_NOTICES = 20

export const policyApply = command({
  name: "policy apply",
  operands: "FILE|-",
  about:
    "Makes a policy file that of the pool: whole, or not at all. It is read here first, so that all that is wrong is said with line and column. From then on the server plans by it. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {
    dryRun: flag("only say what would change, and for which waiting jobs it plans otherwise"),
    json: flag("print what changes as JSON"),
  },
  examples: [
    ["windfall policy apply --dry-run policy.yml", "what would it change?"],
    ["windfall policy apply policy.yml", "let it hold"],
  ],
  async run(cli, options, [file = "-"]) {
    const { text } = readPolicyInput(cli, file)
    const request: PolicyApplyRequest = { text, dryRun: options.dryRun }
    const view = await cli.client.post<PolicyApplyView>("/v1/policy", request)
    await sayNotices(cli, view.notices)
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(appliedText(view))
    return 0
  },
})

export const policyShow = command({
  name: "policy show",
  operands: "",
  about: "Prints the policy file that was applied last, as it was written.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print it as JSON, with its version, when it was applied and by whom") },
  examples: [["windfall policy show > policy.yml", "to change it and apply it again"]],
  async run(cli, options) {
    const view = await cli.client.get<PolicyView>("/v1/policy")
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(view.version === 0 ? "# No policy has been applied yet.\n" : view.text)
    if (view.version > 0 && view.text.trim() === "")
      await say(
        cli,
        `Policy ${view.version} is an empty file: all is as docs/policy-file.md has it where nothing is said`,
      )
    if (view.problem !== null)
      await sayNotices(cli, [`It does not hold, as this release cannot read it: ${view.problem}`])
    return 0
  },
})

export const policyDiff = command({
  name: "policy diff",
  operands: "FILE|- [FILE]",
  about:
    "Says in words what a policy file would change in the pool, and for which waiting jobs it plans otherwise; of two files, without a server, what the second changes in the first.",
  minimum: 1,
  maximum: 2,
  options: { json: flag("print each change, then each such job, as a line of JSON") },
  examples: [
    ["windfall policy diff policy.yml", "against what holds"],
    ["windfall policy diff before.yml after.yml", "between two files"],
  ],
  async run(cli, options, [first = "-", second]) {
    const { changes, moves, notices } = await findChanges(cli, first, second)
    await sayNotices(cli, notices)
    if (options.json) for (const change of [...changes, ...moves]) await printJson(cli, change)
    else await cli.stdout.write(`${linesOf(changes.map(({ words }) => words))}${movesText(moves)}`)
    return 0
  },
})

async function findChanges(
  cli: Cli,
  first: string,
  second: string | undefined,
): Promise<Pick<PolicyApplyView, "changes" | "moves" | "notices">> {
  const { text, policy } = readPolicyInput(cli, first)
  if (second !== undefined) {
    const after = readPolicyInput(cli, second).policy
    const changes = diffPolicies(policy, after).map((change) => ({ ...change, words: changeText(change) }))
    return { changes, moves: [] }
  }
  const request: PolicyApplyRequest = { text, dryRun: true }
  return cli.client.post<PolicyApplyView>("/v1/policy", request)
}

/** On standard error, as nothing is refused for it. */
async function sayNotices(cli: Cli, notices: readonly string[] = []): Promise<void> {
  for (const notice of notices.slice(0, MOST_NOTICES)) await say(cli, notice)
  if (notices.length > MOST_NOTICES) await say(cli, `and ${notices.length - MOST_NOTICES} more such names`)
}

function appliedText({ applied, version, changes, moves }: PolicyApplyView): string {
  const holds = version === 0 ? "no policy holds" : `policy ${version} holds`
  const head = applied ? holds : `nothing was applied; ${holds}`
  return `${head}\n${linesOf(changes.map(({ words }) => words))}${movesText(moves)}`
}

/** Waiting jobs for which it is planned otherwise. */
function movesText(moves: PolicyApplyView["moves"]): string {
  const lines = moves.slice(0, MOST_MOVES).map(({ job, words }) => `job ${job}: ${words}\n`)
  const more = moves.length > lines.length ? [`and ${moves.length - lines.length} more waiting jobs\n`] : []
  return [...lines, ...more].join("")
}

function linesOf(lines: readonly string[]): string {
  return lines.length === 0 ? "nothing changes\n" : lines.map((line) => `${line}\n`).join("")
}
