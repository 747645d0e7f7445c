import type { CheckpointNews } from "../../protocol/checkpoint.ts"
import type { AttemptId, BlobHash } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { againTogether } from "../gang/again-together.ts"
import { endOfAll } from "../gang/gang-state.ts"
import { membersOf } from "../gang/members.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { againText } from "./again-text.ts"
import { awaitLonger, awaitsCheckpoint, giveUpCheckpoint, settleCheckpoint } from "./checkpoint-wait.ts"
import { fetchOutputs } from "./fetch-outputs.ts"
import type { Tried } from "./job-table.ts"
import { TRIES } from "./patience.ts"
import { trySettle } from "./settle.ts"

/** What a host tells an attempt to have written. */
type Told = Pick<CheckpointNews, "tree" | "files" | "bytes" | "problem">

/** How often it is written down that something came. */
const EXTEND_EACH_MS = 60_000

/**
 * A host says what an attempt left to the next. What is not here yet is fetched; the job starts when it is, or without it when
 * that takes too long. A repeat changes nothing. Within a change.
 */
export function recordCheckpoint(core: Core, channel: HostChannel, tried: Tried, told: Told): void {
  if (!awaitsCheckpoint(tried)) {
    trySettle(core, tried)
    return
  }
  if (told.tree !== null) {
    const { tree } = told
    core.ledger.afterCommit(() => void bring(core, channel, tried, { ...told, tree }))
  } else if (told.problem !== null) giveUp(core, tried, told.problem)
  else keep(core, tried, told)
}

/** Never throws. Ends silently with the link: a later contact brings the message again, and what is here already stays. */
async function bring(
  core: Core,
  channel: HostChannel,
  tried: Tried,
  told: Told & { readonly tree: BlobHash },
): Promise<void> {
  const { id } = tried.attempt
  const begun = fetching.get(channel) ?? new Set<AttemptId>()
  fetching.set(channel, begun)
  if (begun.has(id)) return
  begun.add(id)
  const abort = new AbortController()
  const signal = AbortSignal.any([core.fleet.linkSignal(channel), abort.signal])
  const inChange = (what: (now: Tried) => void) =>
    core.ledger.change(() => {
      const now = core.table.attempt(id)
      if (now !== undefined) what(now)
    })
  let extendedAt = core.clock.now()
  const onBlob = () => {
    if (!awaitsCheckpoint(tried)) abort.abort()
    if (core.clock.now() - extendedAt < EXTEND_EACH_MS) return
    extendedAt = core.clock.now()
    inChange((now) => awaitLonger(core, now)).catch(() => {})
  }
  let failures = 0
  const onFailure = async (reason: string) => {
    // Trouble of this server's own is no reason to hold the job for ever, either.
    if (++failures >= TRIES || !awaitsCheckpoint(tried)) abort.abort()
    await inChange((now) => noteFailure(core, now, reason))
  }
  try {
    const end = await fetchOutputs(core, channel, tried, told.tree, { signal, onFailure, onBlob })
    await inChange((now) => {
      if (end.kind === "whole") keep(core, now, told)
      else giveUp(core, now, end.problem)
    })
  } catch (error) {
    if (abort.signal.aborted) await inChange((now) => giveUp(core, now, "it did not come")).catch(() => {})
    else if (!signal.aborted) core.report(`Cannot keep what job ${tried.job.id} leaves to its next attempt`, error)
  } finally {
    begun.delete(id)
  }
}

/** What was begun on each channel; a repeated message must not begin it twice. */
const fetching = new WeakMap<HostChannel, Set<AttemptId>>()

function keep(core: Core, tried: Tried, { tree, files, bytes, problem }: Told): void {
  const { job, attempt } = tried
  if (awaitsCheckpoint(tried)) {
    const kept = tree === null ? null : { attempt: attempt.number, tree, files, bytes }
    settleCheckpoint(core, job, { kept, awaited: null, problem })
    if (job.state === "queued") {
      const members = membersOf(job)
      job.reason = members.length > 0 ? againTogether(core, job, endOfAll(members)) : againText(core, tried, false)
    }
    core.ledger.event({ type: "checkpoint_kept", job: job.id, number: attempt.number, files, bytes })
  }
  trySettle(core, tried)
}

function giveUp(core: Core, tried: Tried, problem: string): void {
  const { number, hostName } = tried.attempt
  giveUpCheckpoint(core, tried, `what attempt ${number} wrote could not be had from ${hostName} (${problem})`)
  trySettle(core, tried)
}

/** Says why the job does not start yet. */
function noteFailure(core: Core, tried: Tried, reason: string): void {
  if (!awaitsCheckpoint(tried)) return
  const { job, attempt } = tried
  job.reason = `what attempt ${attempt.number} wrote does not come from ${attempt.hostName}: ${reason}`
  core.ledger.jobChanged(job)
}
