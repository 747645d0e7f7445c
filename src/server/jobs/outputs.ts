import type { AgentMessage } from "../../protocol/agent-wire.ts"
import { toWindfallError } from "../../protocol/errors.ts"
import type { AttemptId, BlobHash } from "../../protocol/ids.ts"
import type { OutputsView } from "../../protocol/job.ts"
import { readPack } from "../../workspace/pack.ts"
import { onlyAskedFor } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { isCurrent } from "./close-attempt.ts"
import type { Tried } from "./job-table.ts"
import { trySettle } from "./settle.ts"

type OutputsMessage = Extract<AgentMessage, { type: "outputs" }>

/** Hashes asked for in one go. */
const BATCH = 20_000
const RETRY_MS = 5_000

/** The host says what the job made. What is not here yet is fetched; the job ends when it is. Within a change. */
export function recordOutputs(core: Core, channel: HostChannel, tried: Tried, message: OutputsMessage): void {
  const { job, attempt } = tried
  if (!isCurrent(tried) || attempt.state !== "finishing" || job.outputs?.state !== "collecting") return
  if (message.problem !== null) {
    const text = `The outputs of job ${job.id} could not be collected: ${message.problem}`
    core.ledger.event({ type: "notice", message: text, host: attempt.hostId, job: job.id })
  }
  const problem = message.problem === null ? {} : { problem: message.problem }
  if (message.tree === null) {
    const state = message.problem === null ? "none" : "lost"
    settle(core, tried, { state, tree: null, files: 0, bytes: 0, ...problem })
    return
  }
  const { tree, files, bytes } = message
  core.ledger.afterCommit(() => void fetchAll(core, channel, tried, { state: "ready", tree, files, bytes, ...problem }))
}

function settle(core: Core, tried: Tried | undefined, outputs: OutputsView): void {
  if (tried === undefined) return
  const { job, attempt } = tried
  if (!isCurrent(tried) || attempt.state !== "finishing" || job.outputs?.state !== "collecting") return
  job.outputs = outputs
  core.ledger.jobChanged(job)
  if (outputs.state === "ready") {
    core.ledger.event({ type: "outputs_ready", job: job.id, files: outputs.files, bytes: outputs.bytes })
  }
  trySettle(core, tried)
}

/** Never throws. Ends silently with the link: a later contact brings the message again, and what is here already stays. */
async function fetchAll(
  core: Core,
  channel: HostChannel,
  tried: Tried,
  outputs: OutputsView & { readonly tree: BlobHash },
): Promise<void> {
  const signal = core.fleet.linkSignal(channel)
  const id = tried.attempt.id
  const busy = fetching.get(channel) ?? new Set()
  fetching.set(channel, busy)
  if (busy.has(id)) return
  busy.add(id)
  try {
    while (!signal.aborted) {
      try {
        await fetchTree(core, channel, tried, outputs.tree, signal)
        await core.ledger.change(() => settle(core, core.table.attempt(id), outputs))
        return
      } catch (error) {
        if (signal.aborted) return
        const failure = toWindfallError(error, `fetch the outputs of job ${tried.job.id}`)
        core.report(failure.message, error)
        if (failure.code === "corrupt_data" || failure.code === "unsafe_path" || failure.code === "blobs_missing") {
          const lost: OutputsView = { ...outputs, state: "lost", tree: null, problem: failure.message }
          await core.ledger.change(() => settle(core, core.table.attempt(id), lost))
          return
        }
        await core.clock.sleep(RETRY_MS, { signal }).catch(() => {})
      }
    }
  } catch (error) {
    core.report(`Cannot record the outputs of job ${tried.job.id}`, error)
  } finally {
    busy.delete(id)
  }
}

/** What is under way on each channel; a repeated message must not begin it twice. */
const fetching = new WeakMap<HostChannel, Set<AttemptId>>()

/** Level by level, since only a tree's object says what lies below it. */
async function fetchTree(
  core: Core,
  channel: HostChannel,
  { job, attempt }: Tried,
  tree: BlobHash,
  signal: AbortSignal,
): Promise<void> {
  const { blobs, whole } = core.blobs.of(job.user)
  for (;;) {
    const missing = whole.missingFrom(tree)
    if (missing.length === 0) break
    const asked = new Set(missing.slice(0, BATCH))
    await readPack(channel.fetchOutputs(attempt.id, [...asked], { signal }), onlyAskedFor(blobs, asked), { signal })
    if (blobs.missing(asked).length === asked.size) throw new Error("the host sent none of the blobs it told of")
  }
  await blobs.flush()
}
