import { WindfallError } from "../../protocol/errors.ts"
import type { UsageCheckView, UsageDifference } from "../../protocol/usage-api.ts"
import type { Cli } from "../cli.ts"
import { printJson } from "../say.ts"

const PATH = "/v1/usage/recompute"
const MOST_SHOWN = 20

interface Options {
  readonly repair: boolean
  readonly json: boolean
  readonly by: unknown
  readonly since: unknown
}

/** `windfall usage --recompute`. @returns 0 where all sums are right, also once they were repaired, else 1 */
export async function recomputeUsage(cli: Cli, { repair, json, by, since }: Options): Promise<number> {
  if (by !== undefined || since !== undefined) {
    throw new WindfallError("invalid_input", "Cannot recompute only a part of the usage", {
      hint: "Leave out --by and --since",
    })
  }
  let view = await cli.client.get<UsageCheckView>(PATH)
  const wrong = view.differences.length > 0
  const isRepaired = repair && wrong
  if (isRepaired) {
    await cli.client.post(PATH, {})
    view = await cli.client.get<UsageCheckView>(PATH)
  }
  if (json) await printJson(cli, { ...view, repaired: isRepaired })
  else await cli.stdout.write(checkText(view, isRepaired))
  return view.settled && view.differences.length === 0 ? 0 : 1
}

function checkText({ settled, intervals, amounts, through, differences, more }: UsageCheckView, isRepaired: boolean) {
  if (!settled) return "Usage was charged meanwhile each time, so that nothing could be compared. Try it again.\n"
  const of = `of ${amounts} sums as of ${new Date(through).toISOString()}, reckoned anew from ${intervals} intervals`
  const head = isRepaired ? "The sums were made anew. " : ""
  if (differences.length === 0) return `${head}None ${of}, differs.\n`
  const lines = differences.slice(0, MOST_SHOWN).map(lineOf)
  const rest = differences.length + more - lines.length
  const tail = rest > 0 ? [`and ${rest} more`] : []
  const hint = isRepaired ? [] : ["To let what comes out hold: windfall usage --recompute --repair"]
  return `${[`${head}${differences.length + more} ${of}, differ:`, ...lines, ...tail, ...hint].join("\n")}\n`
}

function lineOf({ account, user, qos, amount, recorded, recomputed }: UsageDifference): string {
  const who = `${account}/${user}${qos === "" ? "" : ` (${qos})`}`
  return `${who} ${amount}: ${recorded} recorded, ${recomputed} recomputed (times seconds)`
}
