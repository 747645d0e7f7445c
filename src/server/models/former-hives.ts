import type { JobId } from "../../protocol/ids.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { mainOf } from "../gang/members.ts"
import type { HiveWatch } from "./hive-watch.ts"
import type { HiveLoss } from "./replica-step.ts"

export const ENDED_WITH_SERVER = "the server was restarted, and the tunnels between its members ended with it"

/** What members say of each other, and of their engine, when the ways between them are gone. */
const OF_WAYS: ReadonlySet<string> = new Set(["member_lost", "member_missing", "unreachable", "engine_ended"])

/** Attempts of hives whose members had found each other before this run of the server. */
export class FormerHives {
  readonly #attempts = new Map<JobId, number>()

  /** To be called before this run begins any. */
  noteAll({ store, table }: Core): void {
    for (const { name } of store.models.list()) {
      for (const { job: id } of store.models.replicas(name)) {
        const job = id === null ? undefined : table.live(id)
        const main = job === undefined ? undefined : mainOf(job)
        if (job !== undefined && main?.member?.roster !== undefined) this.#attempts.set(job.id, main.number)
      }
    }
  }

  has(job: JobId, attempt: number): boolean {
    return this.#attempts.get(job) === attempt
  }
}

/** Whether its tunnels were those of another run of the server: no hive outlives these. */
export function endedWithServer({ isOfFormerRun }: HiveWatch, plan: ReplicaPlan | null): boolean {
  return isOfFormerRun && plan?.over?.kind === "tunnel"
}

/** A loss that came of the server's restart says so before it says what the members saw of it. */
export function withServer(loss: HiveLoss | null, watch: HiveWatch, plan: ReplicaPlan | null): HiveLoss | null {
  if (loss === null || !endedWithServer(watch, plan) || !OF_WAYS.has(watch.lost?.code ?? "")) return loss
  return { ...loss, reason: `${ENDED_WITH_SERVER}: ${loss.reason}` }
}
