import { WindfallError } from "../../protocol/errors.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { reckonShares } from "../policy/reckon-shares.ts"
import { type InputKind, inputName, readInput } from "../read-input.ts"
import { shareJson } from "../render/share-json.ts"
import { shareText } from "../render/share-text.ts"
import { printJson } from "../say.ts"

const TREE: InputKind = {
  what: "a described share tree",
  maxBytes: 64 * 1024 * 1024,
  tooLarge: (name) => new WindfallError("too_large", `Cannot read ${name}: it has more than 64 MB`),
  missingHint: "docs/policy-formats.md has the format",
}

export const policyShare = command({
  name: "policy share",
  operands: "FILE|-...",
  about:
    "Reckons a described share tree, without a server: Fair Tree, classic fair share and jobs' priorities with every value on the way. What a file can say is in docs/policy-formats.md.",
  minimum: 1,
  maximum: 10_000,
  options: { json: flag("print all of it as JSON, an object on a line for each file, with numbers in full") },
  examples: [
    ["windfall policy share tree.json", "the sums as tables"],
    ["windfall policy share --json - < tree.json", "the same for programs"],
  ],
  async run(cli, options, files) {
    // All of them, before anything is printed: what cannot be read is refused.
    const reports = files.map(
      (file) => [inputName(file), reckonShares(readInput(cli, file, TREE), inputName(file))] as const,
    )
    for (const [name, report] of reports) {
      if (options.json) await printJson(cli, shareJson(report))
      else await cli.stdout.write(`${reports.length > 1 ? `${name}:\n` : ""}${shareText(report)}`)
    }
    return 0
  },
})
