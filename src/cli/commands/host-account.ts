import {
  checkAccountLine,
  isSystemName,
  makeAccountLines,
  readAccountName,
  removeAccountLine,
} from "../../protocol/account-traits.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { pasteLines } from "../../protocol/key-line.ts"
import type { ServerKeyAnswer } from "../../protocol/lending.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { printJson } from "../say.ts"

export const hostAccount = command({
  name: "host account",
  operands: "[NAME]",
  about:
    "Prints the lines that make an account for jobs on a Mac, and lets the server in there. An administrator of that Mac runs them once. The account (windfall, if you give no name) has no admin rights and nothing of value in it; Metal computes there although nobody is logged in at the screen. Changes nothing by itself.",
  minimum: 0,
  maximum: 1,
  options: { json: flag("print the lines as JSON") },
  examples: [["windfall host account", "lines for an account named windfall"]],
  async run(cli, options, [typed = "windfall"]) {
    const name = readAccountName(typed)
    if (name === null) {
      throw new WindfallError("invalid_input", `Cannot name an account ${JSON.stringify(typed.slice(0, 60))}`, {
        hint: "Up to 31 small letters, digits, - and _, a letter first",
      })
    }
    if (isSystemName(name)) {
      throw new WindfallError("invalid_input", `Cannot name an account "${name}": macOS has one of that name`, {
        hint: "Take another one, for instance: windfall host account windfall",
      })
    }
    if (!options.json) await cli.stdout.write(await accountPage(cli, name))
    else {
      const { line } = await cli.client.get<ServerKeyAnswer>("/v1/server-key")
      const make = makeAccountLines(name).map((each) => each.line)
      await printJson(cli, { name, make: [...make, keyCommand(name, line)], remove: removeAccountLine(name) })
    }
    return 0
  },
})

/** The lines with what they do, for people. */
export async function accountPage(cli: Cli, name: string): Promise<string> {
  const { line } = await cli.client.get<ServerKeyAnswer>("/v1/server-key")
  const steps = [
    {
      line: checkAccountLine(name),
      does: "says so where there is such an account; then stop here: prints nothing else",
    },
    ...makeAccountLines(name),
    { line: keyCommand(name, line), does: "lets the server's key in: it may run commands there, and nothing else" },
  ]
  const shown = steps.map((step) => `# ${step.does}\n${step.line}\n`).join("\n")
  return `
To be run once by an administrator of that Mac, in Terminal:

${shown}
Then: windfall host add ${name}@MAC
It is all taken back by: ${removeAccountLine(name)}

`
}

/** As the new account, whose home and files it is then. */
function keyCommand(name: string, line: string): string {
  return `sudo -H -u ${name} /bin/sh <<'END'\n${pasteLines(line).join("\n")}\nEND`
}
