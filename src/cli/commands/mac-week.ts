import { WindfallError } from "../../protocol/errors.ts"
import type { WeekRequest, WeekView } from "../../protocol/week-api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { ownMac } from "../owner/own-mac.ts"
import { printJson } from "../say.ts"
import { MAC_OPTIONS } from "./mac.ts"

export const macWeek = command({
  name: "mac week",
  operands: "",
  about:
    "Says what the pool has learned of when somebody is usually at a Mac: then no start is planned there. Its owner and administrators see it, and may have it forgotten or not learned at all.",
  minimum: 0,
  maximum: 0,
  options: {
    forget: flag("forget what was learned, and begin anew"),
    off: flag("forget what was learned, and learn no more"),
    on: flag("learn again"),
    ...MAC_OPTIONS,
  },
  examples: [
    ["windfall mac week", "what is known of your own Mac"],
    ["windfall mac week --off", "nobody is to know"],
  ],
  async run(cli, { forget, off, on, host, json }) {
    if ([forget, off, on].filter(Boolean).length > 1) {
      throw new WindfallError("invalid_input", "Cannot do more than one of --forget, --off and --on at once")
    }
    const { id } = await ownMac(cli, host)
    const path = `/v1/hosts/${encodeURIComponent(id)}/week`
    const before = await cli.client.get<WeekView>(path)
    // To turn on what is on would forget for nothing.
    const isSame = !(forget || off || (on && !before.learns))
    const request: WeekRequest = { learns: forget ? before.learns : on }
    const view = isSame ? before : await cli.client.post<WeekView>(path, request)
    if (json) await printJson(cli, view)
    else await cli.stdout.write(weekText(view))
    return 0
  },
})

function weekText({ name, learns, byPolicy, seenHours, text, timeZone }: WeekView): string {
  if (!byPolicy) return `${name}: the pool's policy has nothing learned of anybody's week.\n`
  if (!learns) return `${name}: its week is not learned. To learn it again: windfall mac week --on\n`
  const seen = `looked for ${seenHours} hours, older ones counted less`
  if (text === null) return `${name}: nobody is usually there, as far as is known (${seen}).\n`
  return `${name}: somebody is usually there ${text}, by the clock of ${timeZone} (${seen}). No start is planned then.\n`
}
