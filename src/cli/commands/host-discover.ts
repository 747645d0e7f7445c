import type { DiscoverAnswer, DiscoveredMachine } from "../../protocol/network-api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { printable, renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const hostDiscover = command({
  name: "host discover",
  operands: "",
  about:
    "Lists what says on the server's net that it offers ssh: Macs with Remote Login do. Suggestions only, as anybody on the net can say anything: who a machine is shows its host key when it joins. Takes some seconds. Needs the admin role.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the machines as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { found, problem } = await cli.client.get<DiscoverAnswer>("/v1/discover")
    if (problem !== null) await cli.stderr.write(`windfall: ${printable(problem)}\n`)
    if (options.json) {
      for (const machine of found) await printJson(cli, machine)
      return problem === null ? 0 : 2
    }
    if (found.length === 0) {
      if (problem !== null) return 2
      await cli.stdout.write(
        "Nothing on the server's net says that it offers ssh. A Mac does as soon as Remote Login is on (System Settings > General > Sharing);\nnames do not travel to other nets: add what is there by its address, windfall host add windfall@ADDRESS\n",
      )
      return 0
    }
    const rows = found.map((machine) => [
      printable(machine.name),
      printable(machine.target),
      machine.host === null ? addLine(machine) : `in the pool as ${machine.host}`,
    ])
    await cli.stdout.write(
      renderTable([{ title: "NAME" }, { title: "ADDRESS" }, { title: "TO ADD IT" }], rows, undefined),
    )
    return 0
  },
})

/** As a shell reads it, whatever the machine calls itself. */
export function addLine({ target, port }: Pick<DiscoveredMachine, "target" | "port">): string {
  return `windfall host add ${quoted(`windfall@${target}`)}${port === 22 ? "" : ` --port ${port}`}`
}

function quoted(text: string): string {
  const shown = printable(text)
  return /^[\w@.-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
}
