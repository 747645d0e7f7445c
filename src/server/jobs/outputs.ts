import type { AgentMessage } from "../../protocol/agent-wire.ts"
import type { AttemptId, BlobHash } from "../../protocol/ids.ts"
import type { OutputsView } from "../../protocol/job.ts"
import type { AttemptRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { isFromAll, setOutputs } from "../gang/member-outputs.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { awaitsOutputs, isCurrent } from "./close-attempt.ts"
import { fetchOutputs, type OutputsEnd } from "./fetch-outputs.ts"
import type { Tried } from "./job-table.ts"
import { TRIES } from "./patience.ts"
import { trySettle } from "./settle.ts"

type OutputsMessage = Extract<AgentMessage, { type: "outputs" }>

/**
 * The host says what the job made. What is not here yet is fetched; the job ends when it is, or when the host has failed to
 * give it too often. Within a change.
 */
export function recordOutputs(core: Core, channel: HostChannel, tried: Tried, message: OutputsMessage): void {
  const { job, attempt } = tried
  if (!awaitsOutputs(tried)) {
    // What all members made may only have to be put together.
    if (attempt.member !== undefined) trySettle(core, tried)
    return
  }
  if (message.problem !== null) {
    const text = `The outputs of job ${job.id} could not be collected: ${message.problem}`
    core.ledger.event({ type: "notice", message: text, host: attempt.hostId, job: job.id })
  }
  const told = {
    ...(message.problem === null ? {} : { problem: message.problem }),
    ...unmatchedOf(job.spec.outputs, message.unmatched),
  }
  if (message.tree === null) {
    const state = message.problem === null ? "none" : "lost"
    settle(core, tried, { state, tree: null, files: 0, bytes: 0, ...told })
    return
  }
  const { tree, files, bytes } = message
  core.ledger.afterCommit(() => void bring(core, channel, tried, { state: "ready", tree, files, bytes, ...told }))
}

/** What a host says of globs counts only for those that the job has. */
function unmatchedOf(
  globs: readonly string[] | null,
  told: readonly unknown[] | undefined,
): Pick<OutputsView, "unmatched"> {
  const names = new Set(told)
  const unmatched = (globs ?? []).filter((glob) => names.has(glob))
  return unmatched.length === 0 ? {} : { unmatched }
}

function settle(core: Core, tried: Tried | undefined, outputs: OutputsView): void {
  if (tried === undefined || !awaitsOutputs(tried)) return
  const { job, attempt } = tried
  // Asked for at another contact, and given up again: that is known.
  if (outputs.late === true && job.outputs?.late === true) return
  setOutputs(core, tried, outputs)
  if (outputs.state === "ready" && !isFromAll(job)) {
    core.ledger.event({ type: "outputs_ready", job: job.id, files: outputs.files, bytes: outputs.bytes })
  } else if (outputs.state === "lost") {
    const message = `The files of job ${job.id} could not be had: ${outputs.problem ?? "they are lost"}`
    core.ledger.event({ type: "notice", message, host: attempt.hostId, job: job.id })
  }
  trySettle(core, tried)
}

/** Never throws. Ends silently with the link: a later contact brings the message again, and what is here already stays. */
async function bring(
  core: Core,
  channel: HostChannel,
  tried: Tried,
  outputs: OutputsView & { readonly tree: BlobHash },
): Promise<void> {
  const { id } = tried.attempt
  const begun = fetching.get(channel) ?? new Map<AttemptId, AbortController>()
  fetching.set(channel, begun)
  if (begun.has(id)) return
  const abort = new AbortController()
  begun.set(id, abort)
  const signal = AbortSignal.any([core.fleet.linkSignal(channel), abort.signal])
  const onFailure = (reason: string, tries: number) =>
    core.ledger.change(() => noteFailure(core, core.table.attempt(id), reason, tries))
  try {
    const end = await fetchOutputs(core, channel, tried, outputs.tree, { signal, onFailure })
    await core.ledger.change(() => settle(core, core.table.attempt(id), broughtOutputs(outputs, end, tried.attempt)))
    // Given up, it is not asked for again until another contact.
    if (end.kind !== "given_up") begun.delete(id)
  } catch (error) {
    begun.delete(id)
    if (!signal.aborted) core.report(`Cannot record the outputs of job ${tried.job.id}`, error)
  }
}

/** What was begun on each channel; a repeated message must not begin it twice. */
const fetching = new WeakMap<HostChannel, Map<AttemptId, AbortController>>()

/** Ends the fetching of an attempt's outputs, if it is under way. */
export function stopFetching(core: Core, attempt: AttemptRecord): void {
  const channel = core.fleet.get(attempt.hostId)?.channel
  if (channel != null) fetching.get(channel)?.get(attempt.id)?.abort()
}

function broughtOutputs(told: OutputsView, end: OutputsEnd, { hostName }: AttemptRecord): OutputsView {
  if (end.kind === "whole") return told
  const lost = { ...told, state: "lost", tree: null } as const
  if (end.kind === "lost") return { ...lost, problem: end.problem }
  const problem = `${hostName} was asked ${TRIES} times and did not give them: ${end.problem}. If it gives them at a later contact, they come after all`
  return { ...lost, problem, late: true }
}

/** Says why the job has not ended yet. Within a change. */
function noteFailure(core: Core, tried: Tried | undefined, reason: string, tries: number): void {
  if (tried === undefined || !isCurrent(tried) || tried.attempt.state !== "finishing") return
  const { job, attempt } = tried
  job.reason = `its files do not come from ${attempt.hostName} (try ${tries} of ${TRIES}): ${reason}`
  core.ledger.jobChanged(job)
}
