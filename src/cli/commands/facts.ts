import type { Fact } from "../../facts/fact.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { type FactFile, type FactGroup, readFactGroup } from "../facts/read-fact-files.ts"
import { factFileText, recordText } from "../render/fact-text.ts"
import { printJson, say } from "../say.ts"

export const facts = command({
  name: "facts",
  operands: "FILE|FOLDER...",
  about:
    "Reads what commands of macOS printed, as recorded in files, on any machine and without a server: each fact with the file and key it came from, or why it is unknown. The exit code is 1 when a file could not be read or was not recognised.",
  minimum: 1,
  maximum: 10_000,
  options: { json: flag("print a line of JSON for each file, and one for what a recorded Mac's files tell together") },
  examples: [
    ["windfall facts pmset-g-batt__my-mac.txt", "what one output tells"],
    ["windfall facts --json recordings", "all files of a folder"],
  ],
  async run(cli, options, operands) {
    let isComplete = true
    // All of them, before anything is printed: a name that is wrong is refused.
    const groups = operands.map(readFactGroup)
    for (const group of groups) {
      if (group.note !== null) await say(cli, group.note)
      if (group.files.some(({ reading }) => reading === null || reading.command === null)) isComplete = false
      await (options.json ? printGroup(cli, group) : showGroup(cli, group))
    }
    return isComplete ? 0 : 1
  },
})

async function showGroup(cli: Cli, { files, record }: FactGroup): Promise<void> {
  for (const file of files) await cli.stdout.write(factFileText(file))
  if (record !== null) await cli.stdout.write(recordText(record.folder, record.sheet.facts()))
}

async function printGroup(cli: Cli, { files, record }: FactGroup): Promise<void> {
  for (const file of files) await printJson(cli, fileJson(file))
  if (record !== null) await printJson(cli, { record: record.folder, facts: record.sheet.facts().map(recordFactJson) })
}

function fileJson({ file, failure, reading }: FactFile): object {
  return {
    file,
    command: reading?.command ?? null,
    recognisedBy: reading?.by ?? null,
    note: failure ?? reading?.note ?? null,
    facts: reading?.sheet.facts().map((fact) => ({ ...fact, file })) ?? [],
  }
}

/** In a merged sheet the key begins with the name of the file. */
function recordFactJson(fact: Fact): object {
  const colon = fact.key.indexOf(": ")
  return colon < 0
    ? { ...fact, file: null }
    : { ...fact, key: fact.key.slice(colon + 2), file: fact.key.slice(0, colon) }
}
