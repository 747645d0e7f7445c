import { WindfallError } from "../../protocol/errors.ts"
import type { MacView } from "../../protocol/mac-view.ts"
import type { OwnerAnswer } from "../../protocol/owner-request.ts"
import type { Cli } from "../cli.ts"
import { printableLines } from "../render/table.ts"
import { printJson } from "../say.ts"
import { askAgent } from "./ask-agent.ts"

/** In JSON, where this Mac's agent was meant and is not there: nothing is known, and a word is kept for it. */
export interface NoAgent {
  readonly done: false
  readonly code: "no_agent"
  readonly text: string
}

const NOBODY_HERE = "No agent of Windfall is on this Mac just now, so no job runs here"

/** How this Mac stands, as its agent says. @returns `null` where none is there */
export async function askHow(cli: Cli): Promise<OwnerAnswer | null> {
  const answer = await askAgent(cli, { verb: "status" })
  if (answer === null) await cli.stderr.write(`windfall: ${NOBODY_HERE.replace("No", "no")}\n`)
  return answer
}

/** What is printed as JSON where no agent is there and nobody else can be asked. @param isKept a word lies there for the next one */
export function noAgent(isKept: boolean): NoAgent {
  const kept = isKept ? " It is kept, and holds when one comes." : ""
  return { done: false, code: "no_agent", text: `${NOBODY_HERE}.${kept}` }
}

/** @throws {WindfallError} `wrong_state` where the agent is of a release that did not say it */
export function viewIn({ mac }: OwnerAnswer): MacView {
  if (mac !== undefined && mac !== null) return mac
  const reason = mac === null ? "its agent does not know yet how it stands" : "its agent is of an earlier release"
  throw new WindfallError("wrong_state", `Cannot tell all of this Mac: ${reason}`, {
    hint: "Ask again in a while, or ask the server: add --host and the Mac's name in the pool",
  })
}

/** Prints what the agent has answered. What was done is done, also where the agent cannot tell all of it. */
export async function tellAnswer(cli: Cli, answer: OwnerAnswer, json: boolean): Promise<number> {
  if (json) await printJson(cli, viewIn(answer))
  else await cli.stdout.write(`${printableLines(answer.text.trimEnd())}\n`)
  return 0
}
