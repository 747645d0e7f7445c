import { join } from "node:path"
import type { DataOffer, OrderData } from "../../protocol/data-wire.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { fetchDirectly } from "./fetch-directly.ts"
import { linkData } from "./link-data.ts"
import { lookAtPlace } from "./look-at-place.ts"
import { layOut, lookAtTree, type TreeLook } from "./tree-work.ts"

/** Asked for at once: what a broken link costs is no more than this. */
const ASK_BYTES = 256 * 1024 * 1024
const ASK_HASHES = 20_000
const TELL_MS = 1_000

/** Asks the server for blobs; resolves when they have come, or with another host's offer to give them. */
export type AskForData = (
  root: BlobHash,
  hashes: readonly BlobHash[],
  direct: boolean,
) => Promise<DataOffer | undefined>

/**
 * Sees to it that all data of an attempt lies on this host, as it should be.
 * @throws {WindfallError} with the data's name as `details.data`
 */
export async function placeData(
  context: AgentContext,
  attempt: Attempt,
  data: readonly OrderData[],
  ask: AskForData,
  signal: AbortSignal,
): Promise<void> {
  for (const one of data) {
    try {
      if (one.root === null) await checkPlace(one)
      else await placeTree(context, attempt, one, one.root, ask, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      const { code, message } = toWindfallError(thrown, `place the data ${one.name}`)
      throw new WindfallError(code, message, { details: { data: one.name }, cause: thrown })
    }
  }
}

/** Puts the data into the job's folder. @throws {WindfallError} with the data's name as `details.data` */
export function linkAllData(context: AgentContext, attempt: Attempt, data: readonly OrderData[]): void {
  for (const { name, path, root, place } of data) {
    const target = root === null ? place : context.data.pathOf(root)
    if (target !== null) linkData(join(attempt.folder, "work"), name, path, target)
  }
}

/** Data that attempts which have not ended hold. */
export function dataInUse(context: AgentContext): Set<BlobHash> {
  const held = [...context.attempts.values()].filter(({ phase }) => phase !== "ended")
  return new Set(held.flatMap(({ order }) => order?.data ?? []).flatMap(({ root }) => (root === null ? [] : [root])))
}

async function checkPlace({ name, place }: OrderData): Promise<void> {
  if (place === null) throw new WindfallError("data_not_found", `Cannot use the data ${name}: it was removed`)
  const { problem, hint } = await lookAtPlace(place)
  if (problem === null) return
  const more = hint === null ? "" : `. ${hint}`
  throw new WindfallError("file_not_found", `Cannot use the data ${name} at ${place}: ${problem}${more}`)
}

async function placeTree(
  context: AgentContext,
  attempt: Attempt,
  { name, bytes }: OrderData,
  root: BlobHash,
  ask: AskForData,
  signal: AbortSignal,
): Promise<void> {
  const shelf = context.data
  const progress = { done: 0, told: -1 }
  const tellProgress = () => {
    if (progress.done === progress.told) return
    progress.told = progress.done
    const doneBytes = Math.min(progress.done, bytes)
    tell(context, attempt, { type: "placing", ...nameOf(attempt), name, doneBytes, totalBytes: bytes })
  }
  const timer = setInterval(tellProgress, TELL_MS)
  try {
    using _ = await shelf.take(root, signal)
    let direct = true
    let hasRoom = false
    for (;;) {
      const look = await lookAtTree(shelf, root, signal)
      if (look.flaws?.length === 0 && shelf.has(root)) break
      shelf.unsettle(root)
      if (look.flaws !== undefined && look.missing.size === 0) {
        if (await layOut(shelf, root, look.flaws, bytes, context.clock.now(), signal)) break
        continue
      }
      const missingBytes = sum(look)
      // Only now is known how much of it another version does not have here.
      if (look.flaws !== undefined && !hasRoom) {
        await shelf.makeRoom(missingBytes, new Set([...dataInUse(context), root]), (hash) => look.missing.has(hash))
        hasRoom = true
      }
      if (look.flaws !== undefined) progress.done = bytes - missingBytes
      const isDirect = direct && look.flaws !== undefined
      const wanted = isDirect ? [...look.missing.keys()] : firstOf(look)
      tellProgress()
      const before = shelf.blobs.sizeBytes
      const watch = setInterval(() => {
        if (look.flaws !== undefined) progress.done = bytes - missingBytes + shelf.blobs.sizeBytes - before
      }, TELL_MS / 2)
      try {
        const offer = await ask(root, wanted, isDirect)
        if (offer !== undefined) await fetchDirectly(offer, wanted, shelf, signal)
      } finally {
        clearInterval(watch)
      }
      if (isDirect) direct = false
    }
    shelf.use(root, context.clock.now())
  } finally {
    clearInterval(timer)
  }
}

function sum({ missing }: TreeLook): number {
  return missing.values().reduce((bytes, each) => bytes + each, 0)
}

function firstOf({ missing }: TreeLook): BlobHash[] {
  const hashes: BlobHash[] = []
  let left = ASK_BYTES
  for (const [hash, bytes] of missing) {
    if (hashes.length > 0 && (left < bytes || hashes.length >= ASK_HASHES)) break
    hashes.push(hash)
    left -= bytes
  }
  return hashes
}
