import type { Policy } from "../../scheduler/policy/policy.ts"
import { policyNotices } from "../../scheduler/policy/policy-notices.ts"
import { printPolicy } from "../../scheduler/policy/print-policy.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { readPolicyInput } from "../policy/policy-input.ts"
import { inputName } from "../read-input.ts"
import { printJson, say } from "../say.ts"

export const policyCheck = command({
  name: "policy check",
  operands: "FILE|-",
  about:
    "Reads a policy file without a server and says all that is wrong with it, with line and column; and on standard error what in it decides nothing. The exit code is 0 when it could be applied, and 2 when not.",
  minimum: 1,
  maximum: 1,
  options: {
    print: flag("print the policy as it was understood, without what is as it would be anyway"),
    json: flag("print the whole policy as one JSON object, with a value for everything"),
  },
  examples: [["windfall policy check policy.yml", "is it good?"]],
  async run(cli, options, [file = "-"]) {
    const { policy } = readPolicyInput(cli, file)
    for (const notice of policyNotices(policy)) await say(cli, notice)
    if (options.json) await printJson(cli, policy)
    else if (options.print) await cli.stdout.write(printPolicy(policy))
    else await cli.stdout.write(`${inputName(file)} is a good policy: ${summary(policy)}\n`)
    return 0
  },
})

function summary({ accounts, partitions, qos }: Policy): string {
  const users = new Set(accounts.flatMap(({ members }) => members.map(({ user }) => user))).size
  const count = (many: number, word: string) => `${many} ${word}${many === 1 ? "" : "s"}`
  return `${count(accounts.length, "account")}, ${count(users, "user")}, ${count(partitions.length, "partition")}, ${qos.length} QOS`
}
