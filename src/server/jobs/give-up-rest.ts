import type { Core } from "../core.ts"
import { outputsOf, setOutputs } from "../gang/member-outputs.ts"
import { bringsOutputs } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"
import { stopFetching } from "./outputs.ts"
import { settleShortOutput, trySettle } from "./settle.ts"

/**
 * A person wants no more of a job whose command has ended: what has not come by now of its files and output is given up, and
 * the job ends with its verdict. The host is then told to forget it, as nobody waits for the rest. Within a change.
 */
export function giveUpRest(core: Core, tried: Tried, actor: string): void {
  const { job, attempt } = tried
  if (attempt.state !== "finishing") return
  const known = outputsOf(tried)
  if (bringsOutputs(tried) && (known?.state === "collecting" || known?.late === true)) {
    const { late: _, ...outputs } = known
    setOutputs(core, tried, { ...outputs, state: "lost", problem: `${actor} stopped the job before they had come` })
    stopFetching(core, attempt)
  }
  settleShortOutput(core, tried, `${actor} stopped the job before it had come`)
  const message = `${actor} gave up what had not come of the files and output of job ${job.id}`
  core.ledger.event({ type: "notice", message, host: attempt.hostId, job: job.id }, actor)
  trySettle(core, tried)
}
