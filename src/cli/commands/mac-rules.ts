import type { OwnerView } from "../../protocol/owner-api.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { listOf } from "../command-line/option.ts"
import { hasAgentHere } from "../owner/ask-agent.ts"
import { askHow, noAgent, viewIn } from "../owner/mac-answer.ts"
import { ownMac } from "../owner/own-mac.ts"
import { readRules, readUnset } from "../owner/read-rules.ts"
import { rulesTable } from "../render/owner-text.ts"
import { printJson } from "../say.ts"
import { isLoggedIn, MAC_OPTIONS, say } from "./mac.ts"

export const macRules = command({
  name: "mac rules",
  operands: "[RULE VALUE | RULE=VALUE...]",
  about:
    "Shows the rules of a Mac, each with where it comes from; or sets some. What its owner says holds before what the fleet says. Where a Mac has no owner, administrators set them. On the Mac itself it needs no server, token or network.",
  minimum: 0,
  maximum: 50,
  options: { unset: listOf("RULE", "take it back, so that the fleet's holds again", readUnset), ...MAC_OPTIONS },
  examples: [
    ["windfall mac rules on_return vacate", "jobs leave when you come, and run elsewhere"],
    ["windfall mac rules who='anna, ben' keep_memory=16G", "whose jobs may run there, and what stays yours"],
    ["windfall mac rules --unset who", "as the fleet has it"],
  ],
  async run(cli, options, words) {
    if (words.length > 0 || options.unset.length > 0) return setRules(cli, options, readRules(words, options.unset))
    const view = await rulesOf(cli, options.host)
    if (view === null) {
      if (options.json) await printJson(cli, noAgent(false))
      return 0
    }
    if (options.json) await printJson(cli, { host: view.name, preset: view.preset, rules: view.policy })
    else await cli.stdout.write(rulesTable(view.policy, view.preset, widthOf(cli)))
    return 0
  },
})

export const macHours = command({
  name: "mac hours",
  operands: "TEXT",
  about:
    "Says when jobs may run on a Mac: days and times by its own clock, or always. Jobs that run when they end leave.",
  minimum: 1,
  maximum: 50,
  options: MAC_OPTIONS,
  examples: [["windfall mac hours 'weekdays 18:00-09:00, weekends'", "nights and weekends"]],
  run: (cli, options, words) => setRules(cli, options, readRules([`hours=${words.join(" ")}`], [])),
})

export const macNever = command({
  name: "mac never",
  operands: "TEXT",
  about: "Says when jobs may not run on a Mac, whatever the hours say: days and times by its own clock, or nothing.",
  minimum: 1,
  maximum: 50,
  options: MAC_OPTIONS,
  examples: [["windfall mac never '12:00-13:30'", "not over lunch"]],
  run: (cli, options, words) => setRules(cli, options, readRules([`never=${words.join(" ")}`], [])),
})

/** As this Mac's own agent has them, without server, token or network, or else the server. `null`: neither can be asked. */
async function rulesOf(cli: Cli, host: string | undefined): Promise<OwnRules | null> {
  if (host === undefined && hasAgentHere(cli)) {
    const answer = await askHow(cli)
    if (answer !== null) return viewIn(answer)
    if (!isLoggedIn(cli)) return null
  }
  const { id } = await ownMac(cli, host)
  return cli.client.get<OwnerView>(`/v1/hosts/${encodeURIComponent(id)}/owner`)
}

type OwnRules = Pick<OwnerView, "name" | "preset" | "policy">

function setRules(
  cli: Cli,
  options: { readonly host: string | undefined; readonly json: boolean },
  rules: Record<string, string | null>,
): Promise<number> {
  return say(cli, options, { verb: "rules", rules }, "rules", { rules })
}

function widthOf(cli: Cli): number | undefined {
  return cli.stdout.isTerminal ? cli.stdout.columns : undefined
}
