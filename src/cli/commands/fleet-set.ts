import { WindfallError } from "../../protocol/errors.ts"
import { readHiveNets } from "../../protocol/hive-network.ts"
import type { FleetView, HiveNetworkRequest } from "../../protocol/owner-api.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { fleetPage } from "../render/fleet-text.ts"
import { printJson } from "../say.ts"

export const fleetSet = command({
  name: "fleet set",
  operands: "[FLEET] [CIDR[,CIDR]...]",
  about:
    "Says what holds for all hosts of a fleet (default, if you name none). --hive-network trusted CIDR: members of a served model may talk to each other over these networks, unencrypted, and over none but these and Thunderbolt cables between them; whoever else is in such a network could run programs on the hosts. --hive-network none takes it back. What was said before is replaced. It needs the admin role.",
  minimum: 0,
  maximum: 20,
  options: {
    hiveNetwork: value("WORD", "trusted, with networks behind it; or none", readWord),
    public: flag("a network may be one that is not private: its addresses are the lab's own"),
    json: flag("print the fleet as JSON"),
  },
  examples: [
    ["windfall fleet set --hive-network trusted 10.0.7.0/24", "the lab's own network behind its own switch"],
    ["windfall fleet set rack --hive-network trusted 10.0.7.0/24,10.0.8.0/24", "two of them, for one fleet"],
    ["windfall fleet set --hive-network none", "none any more"],
  ],
  async run(cli, options, words) {
    if (options.hiveNetwork === undefined) throw nothingSaid()
    const [first] = words
    // One word behind `trusted` can only be what is to be trusted.
    const isNet = options.hiveNetwork === "trusted" && words.length === 1
    const isNamed = first !== undefined && !isNet && !looksLikeNet(first)
    const nets = (isNamed ? words.slice(1) : words).flatMap((word) => word.split(",")).filter(Boolean)
    const isTrusted = options.hiveNetwork === "trusted"
    if (!isTrusted && nets.length > 0)
      throw invalid("networks are named, and none is to be trusted", "Leave them out, or say --hive-network trusted")
    const read = isTrusted ? readHiveNets(nets, options.public) : { nets: [], problem: null }
    if (read.nets === null) throw invalid(read.problem, read.hint)
    const request: HiveNetworkRequest = { nets: read.nets, allowsPublic: options.public }
    const name = isNamed ? first : "default"
    const fleet = await cli.client.post<FleetView>(`/v1/fleets/${encodeURIComponent(name)}/hive-network`, request)
    if (options.json) await printJson(cli, fleet)
    else await cli.stdout.write(fleetPage(fleet))
    return 0
  },
})

/** Names of fleets have neither dots between numbers nor slashes nor colons. */
function looksLikeNet(word: string): boolean {
  return /[/,:]/.test(word) || /^\d+(\.\d+)+$/.test(word)
}

function readWord(text: string): "trusted" | "none" {
  if (text === "trusted" || text === "none") return text
  throw new SyntaxError(`"${text.slice(0, 40)}" is neither trusted nor none`)
}

function nothingSaid(): WindfallError {
  return new WindfallError("invalid_input", "Cannot set anything of the fleet: nothing was said", {
    hint: "For instance: windfall fleet set --hive-network trusted 10.0.7.0/24",
  })
}

function invalid(reason: string, hint?: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot trust a network for hives: ${reason}`, { hint })
}
