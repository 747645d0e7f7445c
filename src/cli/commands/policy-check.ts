import { WindfallError } from "../../protocol/errors.ts"
import { fileProblemsError } from "../../protocol/file-problems.ts"
import { MAX_POLICY_BYTES } from "../../scheduler/policy/policy-yaml.ts"
import { printPolicy } from "../../scheduler/policy/print-policy.ts"
import { readPolicy } from "../../scheduler/policy/read-policy.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { inputName, readInput } from "../read-input.ts"
import { printJson } from "../say.ts"

const HINT = "What a policy file can say is in docs/policy-file.md"

export const policyCheck = command({
  name: "policy check",
  operands: "FILE|-",
  about:
    "Reads a policy file without a server and says all that is wrong with it, with line and column. The exit code is 0 when it could be applied, and 2 when not.",
  minimum: 1,
  maximum: 1,
  options: {
    print: flag("print the policy as it was understood, without what is as it would be anyway"),
    json: flag("print the whole policy as one JSON object, with a value for everything"),
  },
  examples: [["windfall policy check policy.yml", "is it good?"]],
  async run(cli, options, [file = "-"]) {
    const name = inputName(file)
    const text = readInput(cli, file, {
      what: "a policy file",
      maxBytes: MAX_POLICY_BYTES,
      tooLarge: (typed) =>
        new WindfallError("too_large", `Cannot read ${typed}: a policy file may have 4 MB`, { hint: HINT }),
      missingHint: HINT,
    })
    const { policy, problems } = readPolicy(text)
    if (problems !== null) throw fileProblemsError(name, problems, HINT)
    if (options.json) await printJson(cli, policy)
    else if (options.print) await cli.stdout.write(printPolicy(policy))
    else await cli.stdout.write(`${name} is a good policy: ${summary(policy)}\n`)
    return 0
  },
})

function summary({ accounts, partitions, qos }: ReturnType<typeof readPolicy>["policy"] & object): string {
  const users = new Set(accounts.flatMap(({ members }) => members.map(({ user }) => user))).size
  const count = (many: number, word: string) => `${many} ${word}${many === 1 ? "" : "s"}`
  return `${count(accounts.length, "account")}, ${count(users, "user")}, ${count(partitions.length, "partition")}, ${qos.length} QOS`
}
