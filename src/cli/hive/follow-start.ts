import type { ModelView } from "../../protocol/model-api.ts"
import type { Cli } from "../cli.ts"
import { printable } from "../render/table.ts"
import { say } from "../say.ts"

const LOOK_MS = 300

/** Says each new state until it answers, or will not. */
export async function followStart(cli: Cli, url: string, accepted: ModelView): Promise<ModelView> {
  let model = accepted
  let told = ""
  for (;;) {
    const now = progressText(model)
    if (now !== told && !isDecided(model)) await say(cli, now)
    told = now
    if (isDecided(model)) return model
    await cli.clock.sleep(LOOK_MS)
    model = await cli.client.get<ModelView>(url)
  }
}

/** Whether nothing more is to be waited for: replicas that answer as the model was served before are not those that were asked for. */
export function isDecided({ state, replicas }: Pick<ModelView, "state" | "replicas">): boolean {
  if (state !== "stopped" && replicas.some(({ isFormer }) => isFormer)) return false
  // Some answer, and for the others there is no place: that may take for ever.
  if (state === "partly") return replicas.every((one) => one.state === "ready" || isStuck(one))
  return state === "ready" || state === "degraded" || state === "stopped" || state === "idle"
}

function isStuck({ state, job, reason }: ModelView["replicas"][number]): boolean {
  return state === "degraded" || (state === "waiting" && job === null && reason !== null)
}

function progressText({ name, replicas }: ModelView): string {
  const each = replicas.map(({ number, state, isFormer, reason, plan }) => {
    const where = plan === null ? "" : ` on ${plan.members.map(({ hostName }) => hostName).join(", ")}`
    const which = replicas.length > 1 ? `replica ${number} ` : ""
    const former = isFormer ? " as it was served before" : ""
    return `${which}${state}${former}${where}${reason === null ? "" : ` (${printable(reason)})`}`
  })
  return `${name}: ${each.join("; ")}`
}
