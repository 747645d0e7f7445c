import { join } from "node:path"
import { orAborted } from "../../base/or-aborted.ts"
import type { OrderData } from "../../protocol/data-wire.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { diskError } from "../../workspace/disk-error.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import type { Attempts } from "../disk/held-part.ts"
import type { DataShelf } from "./data-shelf.ts"
import { linkData } from "./link-data.ts"
import { lookAtPlace } from "./look-at-place.ts"
import { PlacingProgress } from "./placing-progress.ts"
import { layOut, lookAtTree, type Sizes } from "./tree-work.ts"

/** Asked for at once of the server alone: what a broken link costs is no more than this. */
const ASK_BYTES = 256 * 1024 * 1024
const ASK_HASHES = 20_000
/** Folders come level by level, and no path is deeper. */
const MAX_ROUNDS = 3_000

/** Asks the server for blobs, which come from itself or, where `direct`, from other hosts, too; resolves when they have come. */
export type AskForData = (root: BlobHash, hashes: readonly BlobHash[], direct: boolean) => Promise<void>

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
      if (one.root === null) await checkPlace(context, attempt, one)
      else await placeTree(context, attempt, one, one.root, ask, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      const doing = `place the data ${one.name}`
      const { code, message } = toWindfallError(diskError(thrown, doing), doing)
      throw new WindfallError(code, message, { details: { data: one.name }, cause: thrown })
    }
  }
}

/** Puts the data into the job's folder. @throws {WindfallError} with the data's name as `details.data` */
export function linkAllData(context: AgentContext, attempt: Attempt, data: readonly OrderData[]): void {
  for (const one of data) {
    const target = targetOf(context, one)
    if (target !== null) linkData(join(attempt.folder, "work"), one.name, one.path, target)
  }
}

/** Where the data lies on this host; `null` where it does not. */
export function targetOf(context: AgentContext, { root, place }: OrderData): string | null {
  return root === null ? place : context.data.pathOf(root)
}

/** Data that attempts which have not ended hold. */
export function dataInUse(context: { readonly attempts: Attempts }): Set<BlobHash> {
  const held = [...context.attempts.values()].filter(({ phase }) => phase !== "ended")
  return new Set(held.flatMap(({ order }) => order?.data ?? []).flatMap(({ root }) => (root === null ? [] : [root])))
}

async function checkPlace(
  context: AgentContext,
  attempt: Attempt,
  { name, place, writable: isWanted }: OrderData,
): Promise<void> {
  if (place === null) throw new WindfallError("data_not_found", `Cannot use the data ${name}: it was removed`)
  const { problem, hint, writable } = await lookAtPlace(place)
  if (problem === null) {
    if (writable !== null && isWanted !== true) {
      const message = `jobs could change the data ${name}: ${writable} can be written by the account that they run as. Take that right away, or say that it is wanted: windfall data add ${name} --on HOST:${place} --writable`
      tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
    }
    return
  }
  const more = hint === null ? "" : `. ${hint}`
  throw new WindfallError("file_not_found", `Cannot use the data ${name} at ${place}: ${problem}${more}`)
}

async function placeTree(
  context: AgentContext,
  attempt: Attempt,
  data: OrderData,
  root: BlobHash,
  ask: AskForData,
  signal: AbortSignal,
): Promise<void> {
  const shelf = context.data
  using progress = new PlacingProgress(context, attempt, data)
  using _ = await shelf.take(root, signal)
  for (let round = 1; ; round++) {
    if (round > MAX_ROUNDS) {
      throw new WindfallError("corrupt_data", "Cannot get the data: what comes is never all that was asked for")
    }
    const look = await lookAtTree(shelf, root, signal)
    if (look.flaws?.length === 0 && shelf.has(root)) break
    shelf.unsettle(root)
    if (look.flaws === undefined) await fetchAll(shelf, look.missing, (hashes) => ask(root, hashes, false), signal)
    else {
      // Only now is known how much of it another version does not have here.
      using _wanted = shelf.want(look.missing)
      await orAborted(context.disk.makeRoom(sumOf(look.missing), "data"), signal)
      progress.follow(() => shelf.missingBytes(look.missing))
      for (const hashes of batches(missingOf(shelf, look.missing), Number.POSITIVE_INFINITY))
        await ask(root, hashes, true)
      await fetchAll(shelf, look.missing, (hashes) => ask(root, hashes, false), signal)
      if (await layOut(shelf, root, look.flaws, data.bytes, context.clock.now(), signal)) break
    }
  }
  shelf.use(root, context.clock.now())
  context.disk.news()
}

type Ask = (hashes: readonly BlobHash[]) => Promise<void>

/** Gets from the server what is not here yet. */
async function fetchAll(shelf: DataShelf, wanted: Sizes, ask: Ask, signal: AbortSignal): Promise<void> {
  for (const hashes of batches(missingOf(shelf, wanted), ASK_BYTES)) {
    signal.throwIfAborted()
    await ask(hashes)
  }
}

function missingOf(shelf: DataShelf, wanted: Sizes): Sizes {
  return new Map(wanted.entries().filter(([hash]) => !shelf.blobs.has(hash)))
}

function sumOf(sizes: Sizes): number {
  return sizes.values().reduce((sum, bytes) => sum + bytes, 0)
}

function* batches(wanted: Sizes, mostBytes: number): Generator<BlobHash[]> {
  let batch: BlobHash[] = []
  let left = mostBytes
  for (const [hash, bytes] of wanted) {
    if (batch.length > 0 && (left < bytes || batch.length >= ASK_HASHES)) {
      yield batch
      batch = []
      left = mostBytes
    }
    batch.push(hash)
    left -= bytes
  }
  if (batch.length > 0) yield batch
}
