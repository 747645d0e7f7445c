import { PRESET_NAMES } from "../../presence/owner-policy.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { FleetPolicyRequest, FleetView } from "../../protocol/owner-api.ts"
import { command } from "../command-line/command.ts"
import { flag, listOf, value } from "../command-line/option.ts"
import { readRules, readUnset } from "../owner/read-rules.ts"
import { fleetPage } from "../render/fleet-text.ts"
import { renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const fleetLs = command({
  name: "fleet ls",
  operands: "",
  about: "Lists the fleets: their hosts, and what they say for all of them.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the fleets as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { fleets } = await cli.client.get<{ fleets: FleetView[] }>("/v1/fleets")
    if (options.json) for (const fleet of fleets) await printJson(cli, fleet)
    else {
      const rows = fleets.map((fleet) => [fleet.name, String(fleet.hosts.length), fleet.preset, rulesOf(fleet)])
      const width = cli.stdout.isTerminal ? cli.stdout.columns : undefined
      const columns = [{ title: "FLEET" }, { title: "HOSTS", right: true }, { title: "PRESET" }, { title: "RULES" }]
      await cli.stdout.write(renderTable(columns, rows, width))
    }
    return 0
  },
})

export const fleetPolicy = command({
  name: "fleet policy",
  operands: "[FLEET] [RULE=VALUE...]",
  about:
    "Shows what a fleet (default, if you name none) says for all of its Macs, or says it: a preset, and rules that are to be otherwise. Each Mac's owner overrides them one by one. default: suspend when somebody comes; condor: HTCondor's desktop policy; nobodys: for Macs that nobody sits at. To change it needs the admin role.",
  minimum: 0,
  maximum: 50,
  options: {
    preset: value("NAME", PRESET_NAMES.join(", "), readPreset),
    unset: listOf("RULE", "take it back, so that the preset's holds again", readUnset),
    json: flag("print the fleet as JSON"),
  },
  examples: [
    ["windfall fleet policy", "what holds by default"],
    ["windfall fleet policy rack --preset nobodys", "Macs in a rack"],
    ["windfall fleet policy default hours='weekdays 18:00-09:00, weekends'", "nights and weekends everywhere"],
  ],
  async run(cli, options, words) {
    const [first] = words
    const isNamed = first !== undefined && !first.includes("=")
    const name = isNamed ? first : "default"
    const rules = readRules(asPairs(isNamed ? words.slice(1) : words), options.unset)
    const isChange = options.preset !== undefined || Object.keys(rules).length > 0
    const fleet = isChange
      ? await cli.client.post<FleetView>(`/v1/fleets/${encodeURIComponent(name)}/policy`, {
          preset: options.preset ?? null,
          rules,
        } satisfies FleetPolicyRequest)
      : await findFleet((await cli.client.get<{ fleets: FleetView[] }>("/v1/fleets")).fleets, name)
    if (options.json) await printJson(cli, fleet)
    else await cli.stdout.write(fleetPage(fleet))
    return 0
  },
})

/** A fleet of which nothing was said is there, too. */
function findFleet(fleets: readonly FleetView[], name: string): FleetView {
  const found = fleets.find((fleet) => fleet.name === name)
  if (found !== undefined) return found
  if (name === "default") return { name, preset: "default", rules: {}, hosts: [] }
  throw new WindfallError("invalid_input", `Cannot find the fleet ${JSON.stringify(name)}: no host is in it`, {
    hint: "See the fleets: windfall fleet ls",
  })
}

/** After a fleet's name a rule is always typed with its value in one word, so that neither is taken for the other. */
function asPairs(words: readonly string[]): readonly string[] {
  const odd = words.find((word) => !word.includes("="))
  if (odd === undefined) return words
  throw new WindfallError("invalid_input", `Cannot read ${JSON.stringify(odd.slice(0, 60))}: it is no rule`, {
    hint: "Write RULE=VALUE, for instance on_return=vacate",
  })
}

function rulesOf({ rules }: FleetView): string {
  return Object.entries(rules)
    .map(([name, text]) => `${name}: ${text}`)
    .join("; ")
}

function readPreset(text: string): string {
  if (PRESET_NAMES.some((name) => name === text)) return text
  throw new SyntaxError(`"${text}" is not one of ${PRESET_NAMES.join(", ")}`)
}
