import type { Clock } from "../../base/clock.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { readPack } from "../../workspace/pack.ts"
import { onlyAskedFor } from "../blobs/pack-blobs.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { fetchOnce } from "./fetch-once.ts"
import type { Tried } from "./job-table.ts"
import { TRIES, waitAfterTry } from "./patience.ts"

/** How the fetching of what a job made ended. `lost`: it can never come; `given_up`: the host had tries enough. */
export type OutputsEnd = { readonly kind: "whole" } | { readonly kind: "lost" | "given_up"; readonly problem: string }

/** Hashes asked for in one go. */
const BATCH = 20_000
/** With the link up and nothing coming for so long, a request counts as failed. */
const STALL_MS = 120_000
const MAX_REASON = 300

/** The host failed, or what it sent; not what was done with it here. */
class HostFailure extends Error {}

/**
 * Fetches the outputs of an attempt from its host into the job owner's blobs, however often that takes: with `onFailure` told
 * of each try that brought nothing. Trouble of this server's own (a full disk) is waited out.
 * @throws the signal's reason
 */
export async function fetchOutputs(
  core: Core,
  channel: HostChannel,
  tried: Tried,
  tree: BlobHash,
  options: {
    readonly signal: AbortSignal
    readonly onFailure: (reason: string, tries: number) => Promise<void>
    /** Something has come. */
    readonly onBlob?: () => void
  },
): Promise<OutputsEnd> {
  const { signal } = options
  const doing = `fetch the outputs of job ${tried.job.id}`
  let tries = 0
  for (;;) {
    let brought = 0
    try {
      const onPiece = () => {
        brought++
        options.onBlob?.()
      }
      const fetch = (onBlob: () => void) => fetchTree(core, channel, tried, tree, signal, onBlob)
      await fetchOnce(channel, `${tried.attempt.id} ${tree}`, fetch, { signal, onPiece })
      return { kind: "whole" }
    } catch (error) {
      signal.throwIfAborted()
      core.report(`Cannot ${doing}`, error)
      if (isHopeless(error)) return { kind: "lost", problem: error.message }
      if (brought > 0) tries = 0
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON)
      if (error instanceof HostFailure) tries++
      if (tries === TRIES) return { kind: "given_up", problem: reason }
      await options.onFailure(reason, tries)
      await core.clock.sleep(waitAfterTry(Math.max(1, tries)), { signal })
    }
  }
}

/** Bytes that are not what their hash says, names that no folder may hold: asking again brings the same. */
function isHopeless(error: unknown): error is WindfallError {
  return error instanceof WindfallError && (error.code === "corrupt_data" || error.code === "unsafe_path")
}

/** Level by level, since only a tree's object says what lies below it. */
async function fetchTree(
  core: Core,
  channel: HostChannel,
  { job, attempt }: Tried,
  tree: BlobHash,
  signal: AbortSignal,
  onBlob: () => void,
): Promise<void> {
  const { blobs, whole } = core.blobs.of(job.user)
  for (;;) {
    const missing = whole.missingFrom(tree)
    if (missing.length === 0) break
    const asked = new Set(missing.slice(0, BATCH))
    const ask = (stalled: AbortSignal) =>
      channel.fetchOutputs(attempt.id, [...asked], { signal: AbortSignal.any([signal, stalled]) })
    await readPack(fromHost(ask, core.clock), onlyAskedFor(blobs, asked), { signal, onBlob })
    if (blobs.missing(asked).length === asked.size) throw new HostFailure("it sent none of the files it told of")
  }
  await blobs.flush()
}

/** What the host answers; every way in which it fails is a {@link HostFailure}, that nothing comes any more among them. */
async function* fromHost(
  ask: (stalled: AbortSignal) => AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController()
  const ended = new AbortController()
  let pieces = 0
  let isWaiting = true
  const watch = async () => {
    for (let seen = pieces; ; seen = pieces) {
      await clock.sleep(STALL_MS, { signal: ended.signal })
      // A slow disk here is no fault of the host.
      if (isWaiting && seen === pieces) stalled.abort()
    }
  }
  watch().catch(() => {})
  try {
    for await (const piece of ask(stalled.signal)) {
      pieces++
      isWaiting = false
      yield piece
      isWaiting = true
    }
  } catch (error) {
    const reason = stalled.signal.aborted
      ? "it began to send and then nothing came any more"
      : error instanceof Error
        ? error.message
        : String(error)
    throw new HostFailure(reason, { cause: error })
  } finally {
    ended.abort()
  }
}
