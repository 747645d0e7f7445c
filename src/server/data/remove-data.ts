import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { NO_OUTPUTS } from "../jobs/close-attempt.ts"
import { transition } from "../jobs/transition.ts"
import { refreshPlaces } from "./data-hosts.ts"
import { jobsWith } from "./data-view.ts"
import { findData } from "./find-data.ts"

/** States in which a job has not got its data yet. */
const WAITING: ReadonlySet<string> = new Set(["held", "queued", "starting"])

/**
 * Removes data of this name; its blobs go with the next tidying up. Jobs that run keep what their host has laid out. With
 * `force`, jobs that wait for it fail. Within a change.
 * @param what is told of it
 * @throws {WindfallError} data_not_found, not_allowed, wrong_state while jobs wait for it
 */
export function removeData(core: Core, caller: Caller, name: string, force: boolean, what = "removed"): void {
  const data = findData(core, caller, name, "remove")
  if (data.user !== caller.user && caller.role !== "admin") {
    throw new WindfallError("not_allowed", `Cannot remove the data ${name}: it is ${data.user}'s`, {
      hint: "Only who added it and administrators can",
    })
  }
  const waiting = jobsWith(core, name)
    .map((id) => core.table.get(id))
    .filter(({ state }) => WAITING.has(state))
  if (waiting.length > 0 && !force) {
    const jobs = waiting.map(({ id }) => id)
    throw new WindfallError(
      "wrong_state",
      `Cannot remove the data ${name}: ${jobs.length === 1 ? `job ${jobs[0]} waits` : `${jobs.length} jobs wait`} for it`,
      {
        hint: `Wait for them, or let them fail: windfall data rm ${name} --force`,
        details: { jobs: jobs.slice(0, 1_000) },
      },
    )
  }
  const served = core.store.models.list().filter((model) => model.data === name && model.wanted === "serving")
  if (served.length > 0 && !force) {
    const names = served.map((model) => model.name).join(", ")
    throw new WindfallError("wrong_state", `Cannot remove the data ${name}: it is served as ${names}`, {
      hint: `Stop that first: windfall model stop ${served[0]?.name}   or all the same: windfall data rm ${name} --force`,
    })
  }
  core.store.data.remove(name, core.clock.now())
  for (const job of waiting) {
    if (job.state === "starting") continue // its host is told, or has all of it by now
    const state = job.state === "held" ? "cancelled" : "failed"
    job.verdict = { state, cause: "data_failed", exitCode: null, signal: null }
    job.outputs = NO_OUTPUTS
    const reason = `${caller.user} removed the data ${name}`
    transition(core, job, state, { cause: "data_failed", reason, actor: caller.user })
  }
  letGo(
    core,
    data.versions.map(({ root }) => root),
  )
  refreshPlaces(core)
  core.ledger.event({ type: "data_changed", name, user: data.user, what }, caller.user)
}

/** Hosts need not keep what no name stands for any more; those out of contact are told at the next one. */
function letGo(core: Core, roots: readonly BlobHash[]): void {
  const gone = roots.filter((root) => !core.store.data.hasRoot(root))
  if (gone.length === 0) return
  for (const host of core.fleet.all()) core.ledger.send(host, { type: "let-go-data", roots: gone })
}
