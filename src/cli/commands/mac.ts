import { WindfallError } from "../../protocol/errors.ts"
import { readDuration } from "../../protocol/job-values.ts"
import { macViewOf } from "../../protocol/mac-view.ts"
import type { OwnerView, PauseRequest } from "../../protocol/owner-api.ts"
import type { OwnerWish } from "../../protocol/owner-request.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { askAgent, hasAgentHere } from "../owner/ask-agent.ts"
import { askHow, noAgent, tellAnswer } from "../owner/mac-answer.ts"
import { ownMac } from "../owner/own-mac.ts"
import { actText } from "../render/act-text.ts"
import { ownerPage } from "../render/owner-text.ts"
import { printableLines } from "../render/table.ts"
import { printJson } from "../say.ts"

const MINUTE_MS = 60_000
const LONGEST_MS = 90 * 86_400_000
const MOST_HEARD_MS = 2_000
const ASK_AGAIN_MS = 100

/** Of all that is said about a Mac. */
export const MAC_OPTIONS = {
  host: value("HOST", "which Mac (default: this one, or else the only one that is yours)", notEmpty),
  json: flag("print the answer as JSON"),
}

export const macStatus = command({
  name: "mac status",
  operands: "",
  about:
    "Says how a Mac stands: who is at it, whether jobs may start, which run there, who has paused it, which rules are its own. On the Mac itself it needs no server, token or network.",
  minimum: 0,
  maximum: 0,
  options: MAC_OPTIONS,
  examples: [["windfall mac status", "your own Mac"]],
  async run(cli, options) {
    if (options.host === undefined && hasAgentHere(cli)) {
      const answer = await askHow(cli)
      if (answer !== null) return tellAnswer(cli, answer, options.json)
      // The pool may know more, where there is a login; nobody needs one for this.
      if (!isLoggedIn(cli)) {
        if (options.json) await printJson(cli, noAgent(false))
        return 0
      }
    }
    const { id } = await ownMac(cli, options.host)
    const view = await cli.client.get<OwnerView>(`/v1/hosts/${encodeURIComponent(id)}/owner`)
    if (options.json) await printJson(cli, macViewOf(view))
    else await cli.stdout.write(ownerPage(view, cli.clock.now()))
    return 0
  },
})

export const macPause = command({
  name: "mac pause",
  operands: "",
  about:
    "No jobs on a Mac for a while: those that run stop at once, and leave when it lasts. Its owner may, who sits at it, and administrators; each has a pause of their own, and the one that ends last holds.",
  minimum: 0,
  maximum: 0,
  options: {
    for: value("DURATION", "for so long, as in 2h", readLong),
    until: value("HH:MM", "until the clock of the Mac shows that", readTime),
    today: flag("until the day is over, late in the night"),
    ...MAC_OPTIONS,
  },
  examples: [
    ["windfall mac pause --for 2h", "nothing for two hours"],
    ["windfall mac pause", "nothing until windfall mac resume"],
  ],
  async run(cli, options) {
    const { for: long, until, today } = options
    if ([long, until, today || undefined].filter((said) => said !== undefined).length > 1) {
      throw new WindfallError("invalid_input", "Cannot pause in two ways at once", {
        hint: "One of --for, --until and --today, or none: until somebody resumes",
      })
    }
    const end = today ? "today" : (long ?? (until === undefined ? undefined : `until ${until}`))
    const wish: OwnerWish = end === undefined ? { verb: "pause", until: null } : { verb: "pause", end }
    const request: PauseRequest = { for: long ?? null, until: today ? "today" : (until ?? null) }
    return say(cli, options, wish, "pause", request)
  },
})

export const macResume = command({
  name: "mac resume",
  operands: "",
  about:
    "Lets jobs come again, when hours and rules have nothing against it. The owner takes every pause back, an administrator those of administrators.",
  minimum: 0,
  maximum: 0,
  options: MAC_OPTIONS,
  examples: [],
  run: (cli, options) => say(cli, options, { verb: "resume" }, "resume", {}),
})

interface Said {
  readonly host: string | undefined
  readonly json: boolean
}

/** Says it to the agent of this Mac, or to the server. */
export async function say(
  cli: Cli,
  { host, json }: Said,
  wish: OwnerWish,
  act: "pause" | "resume" | "rules",
  request: object,
): Promise<number> {
  if (host === undefined && hasAgentHere(cli)) {
    const answer = await askAgent(cli, wish)
    if (answer !== null) return tellAnswer(cli, answer, json)
    const missing = noAgent(true)
    if (json) await printJson(cli, missing)
    else await cli.stdout.write(`${missing.text}\n`)
    return 0
  }
  const { id } = await ownMac(cli, host)
  const path = `/v1/hosts/${encodeURIComponent(id)}/owner`
  const view = await untilHeard(cli, path, await cli.client.post<OwnerView>(`${path}/${act}`, request))
  if (json) await printJson(cli, macViewOf(view))
  else await cli.stdout.write(printableLines(actText(view, wish.verb === "rules" ? Object.keys(wish.rules) : [])))
  return 0
}

/** A Mac that is there takes a word in a moment; whose link is cut may look as if it were. */
async function untilHeard(cli: Cli, path: string, said: OwnerView): Promise<OwnerView> {
  let view = said
  for (let waitedMs = 0; view.heard === "next_contact" && waitedMs < MOST_HEARD_MS; waitedMs += ASK_AGAIN_MS) {
    await cli.clock.sleep(ASK_AGAIN_MS)
    view = await cli.client.get<OwnerView>(path)
  }
  return view
}

export function isLoggedIn(cli: Cli): boolean {
  try {
    return cli.login !== undefined
  } catch {
    return false
  }
}

function readLong(text: string): string {
  readDuration(text, MINUTE_MS, LONGEST_MS)
  return text
}

function readTime(text: string): string {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? []
  if (hour !== undefined && Number(hour) < 24 && Number(minute) < 60) return text
  throw new SyntaxError(`"${text}" is no time of day: 00:00 to 23:59`)
}
