import { formatBytes } from "../../base/bytes.ts"
import { leastUsed, type TakesRoom } from "../../base/least-used.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { HeldModel, ModelDisk } from "../../protocol/model-disk.ts"
import { contentOf, type PullRecord } from "../../store/pull-record.ts"
import { Slices } from "../../workspace/slices.ts"
import { blobsOfTrees, keptBlobs } from "../blobs/kept-blobs.ts"
import type { Core } from "../core.ts"
import { jobsWith } from "../data/data-view.ts"
import { removeData } from "../data/remove-data.ts"
import { callerOf } from "./caller-of.ts"

/** What was just fetched or used is about to be used. */
const RECENT_MS = 3_600_000
/** Two may have blobs in common: then less comes free than was thought, and more goes. */
const ROUNDS = 3

interface Held extends TakesRoom, HeldModel {
  readonly roots: readonly BlobHash[]
}

/** What models of hubs take on the server's disk, which of them may go, and what they may take. */
export function modelDisk(core: Core): ModelDisk {
  const models = heldModels(core, [])
  return {
    heldBytes: sumOf(models),
    budgetBytes: core.limits.modelBytes,
    models: models.map(({ roots: _, inUse: __, usedMs: ___, ...one }) => one),
  }
}

/**
 * Lets go of models that came from a hub and nobody has used for longest, until so many bytes are free; of none where all that may go is
 * not enough. What was brought from a folder has no other copy, and never goes.
 * @param lackingBytes looked at anew each time; at most 0: it is enough
 * @param wanted what is to be fetched: what has files of it is left
 * @returns what is still lacking
 */
export async function makeModelRoom(
  core: Core,
  wanted: readonly Pick<PullRecord, "model">[],
  lackingBytes: () => Promise<number>,
): Promise<number> {
  for (let round = 0; ; round++) {
    const lacking = await lackingBytes()
    if (lacking <= 0 || round >= ROUNDS) return lacking
    const going = leastUsed(heldModels(core, wanted), lacking)
    if (going.length === 0 || (round === 0 && sumOf(going) < lacking)) return lacking
    await letGo(core, going, wanted)
  }
}

/** Keeps models of hubs within what they may take, as far as they may go. */
export async function keepModelDisk(core: Core): Promise<void> {
  const { modelBytes } = core.limits
  if (modelBytes === null) return
  const lacking = () => sumOf(heldModels(core, [])) - modelBytes
  for (let round = 0; round < ROUNDS && lacking() > 0; round++) {
    const going = leastUsed(heldModels(core, []), lacking())
    if (going.length === 0) return
    await letGo(core, going, [])
  }
}

/** What they take. */
export function heldModelBytes(core: Core): number {
  return sumOf(heldModels(core, []))
}

function sumOf(models: readonly Held[]): number {
  return models.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Data of which all versions came from a hub. */
function heldModels(core: Core, wanted: readonly Pick<PullRecord, "model">[]): Held[] {
  const pulls = core.store.pulls.list()
  const coming = pulls.filter(({ state }) => state === "pulling")
  const origins = new Map(
    pulls.filter(({ state }) => state === "done").map((pull) => [`${pull.user} ${pull.name} ${pull.version}`, pull]),
  )
  const needed = new Set([...coming, ...wanted].flatMap(({ model }) => model.files.map(contentOf)))
  const served = core.store.models.list().filter((model) => model.wanted === "serving")
  const now = core.clock.now()
  return core.store.data.list().flatMap((data): Held[] => {
    const { name, user, versions } = data
    const came = versions.map(({ version }) => origins.get(`${user} ${name} ${version}`))
    const origin = came.at(-1)
    if (origin === undefined || came.includes(undefined)) return []
    const usedMs = Math.max(core.store.dataUses.of(name), ...versions.map(({ addedAt }) => addedAt))
    const by = served.find((model) => model.data === name)
    const [job] = jobsWith(core, name)
    const stays =
      by !== undefined
        ? `served as ${by.name}`
        : job !== undefined
          ? `job ${job} has it`
          : coming.some((pull) => pull.name === name && pull.user === user)
            ? "another version of it comes"
            : came.some((pull) => pull?.model.files.some((file) => needed.has(contentOf(file))))
              ? "what comes has files of it"
              : now - usedMs < RECENT_MS
                ? "used within the last hour"
                : null
    return [
      {
        name,
        user,
        repository: typedOf(origin),
        bytes: versions.reduce((sum, { bytes }) => sum + bytes, 0),
        roots: versions.map(({ root }) => root),
        usedAt: usedMs,
        usedMs,
        stays,
        inUse: stays !== null,
      },
    ]
  })
}

/** As `model pull` takes it. */
function typedOf({ revision, model: { repository, label } }: PullRecord): string {
  return repository + (revision === "main" ? "" : `@${revision}`) + (label === null ? "" : `:${label}`)
}

async function letGo(core: Core, going: readonly Held[], wanted: readonly Pick<PullRecord, "model">[]): Promise<void> {
  const gone = await core.ledger.change(() => {
    const now = new Map(heldModels(core, wanted).map((one) => [one.name, one]))
    const still = going.filter(({ name }) => now.get(name)?.inUse === false)
    for (const { name, user, bytes, repository } of still) {
      const what = `removed to make room for ${formatBytes(bytes)}: it was used least recently. Again: windfall model pull ${repository} ${name}`
      removeData(core, callerOf(core, user), name, false, what)
    }
    return still
  })
  const slices = new Slices(10, core.signal)
  for (const user of new Set(gone.map((one) => one.user))) {
    const roots = gone.filter((one) => one.user === user).flatMap((one) => one.roots)
    await core.blobs.sweep(user, async () => {
      const theirs = await blobsOfTrees(core, user, roots, slices)
      const kept = await keptBlobs(core, user, slices)
      const { blobs } = core.blobs.of(user)
      for (const hash of theirs) if (!kept.has(hash)) blobs.drop(hash)
    })
  }
}
