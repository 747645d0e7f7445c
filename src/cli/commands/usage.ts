import { parseDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { USAGE_GROUPS, type UsageGroup, type UsageView } from "../../protocol/usage-api.ts"
import { readMomentMs } from "../../scheduler/time/moment-text.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { recomputeUsage } from "../policy/recompute-usage.ts"
import { usageText } from "../render/usage-text.ts"
import { printJson } from "../say.ts"

export const usage = command({
  name: "usage",
  operands: "",
  about:
    "Sums up what ran, in hours times what was held: from the recorded intervals, nothing faded. Everybody sees all of it. docs/usage.md says what counts.",
  minimum: 0,
  maximum: 0,
  options: {
    by: value("user|account|host|model", "what there is a row for (default: user)", readGroup),
    since: value("WHEN", "a moment as 2026-11-01T09:00, or how long ago as 7d (default: 30d)", notEmpty),
    recompute: flag(
      "reckon the faded sums of shares anew from the recorded intervals, and say where they differ (admin)",
    ),
    repair: flag("with --recompute: let what comes out hold where it differs (admin)"),
    json: flag("print it as JSON, in seconds"),
  },
  examples: [
    ["windfall usage --since 7d", "the last week, by user"],
    ["windfall usage --by host --since 2026-11-01", "what each Mac did this month"],
    ["windfall usage --recompute", "are the sums right?"],
  ],
  async run(cli, options) {
    if (options.recompute) return recomputeUsage(cli, options)
    if (options.repair) {
      throw new WindfallError("invalid_input", "Cannot repair without --recompute", {
        hint: "windfall usage --recompute --repair",
      })
    }
    const nowMs = cli.clock.now()
    const since = options.since === undefined ? undefined : readSince(options.since, nowMs)
    const view = await cli.client.get<UsageView>("/v1/usage", { query: { by: options.by, since } })
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(usageText(view))
    return 0
  },
})

function readGroup(text: string): UsageGroup {
  const group = USAGE_GROUPS.find((one) => one === text)
  if (group !== undefined) return group
  throw new SyntaxError(`"${text}" is none of ${USAGE_GROUPS.join(", ")}`)
}

/** A moment in the past: how long ago, or when by the clock of who asks. */
function readSince(text: string, nowMs: number): number {
  const refuse = (why: string) => {
    throw new WindfallError("invalid_input", `Cannot use --since: ${why}`, {
      hint: "For instance: --since 7d, --since 2026-11-01, --since 2026-11-01T09:00",
    })
  }
  const sinceMs = agoMs(text, nowMs) ?? momentMs(text, nowMs)
  if (typeof sinceMs === "string") return refuse(sinceMs)
  // The server's clock may differ a little.
  return sinceMs > nowMs + 60_000 ? refuse(`"${text}" is yet to come`) : Math.max(0, Math.floor(sinceMs))
}

function agoMs(text: string, nowMs: number): number | null {
  try {
    return nowMs - parseDuration(text)
  } catch {
    return null
  }
}

function momentMs(text: string, nowMs: number): number | string {
  try {
    return readMomentMs(text, nowMs, Intl.DateTimeFormat().resolvedOptions().timeZone)
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    throw error
  }
}
