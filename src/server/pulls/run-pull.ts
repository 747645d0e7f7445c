import { nameOf } from "../../hive/hub/gguf-choices.ts"
import type { Hub } from "../../hub/hub.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { PulledFile, PullRecord } from "../../store/pull-record.ts"
import { contentOf } from "../../store/pull-record.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { CHUNK_BYTES, encodeTree } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { addVersion } from "../data/add-data.ts"
import { callerOf } from "./caller-of.ts"
import { checkFetched } from "./check-model.ts"
import type { ContentLocks } from "./content-locks.ts"
import { fetchContent } from "./fetch-content.ts"
import type { PullProgress } from "./pull-progress.ts"

/** A hub gives a connection so much, and a file of a model is large: a few at a time fill the line. */
const FILES_AT_A_TIME = 3
const FILE_MODE = 0o644

export interface PullRun {
  readonly core: Core
  readonly hub: Hub
  readonly record: PullRecord
  readonly progress: PullProgress
  readonly locks: ContentLocks
  readonly signal: AbortSignal
}

/**
 * Fetches what is missing of a model, and makes all of it the next version of its data. Whatever breaks it off, the same again goes on
 * from there.
 * @throws {WindfallError} as {@link fetchContent}, {@link checkFetched}, {@link addVersion}
 */
export async function runPull(run: PullRun): Promise<PullRecord> {
  const { core, record } = run
  const blobs = await fetchFiles(run)
  const entries = record.model.files.map((file, at) => ({
    kind: "file" as const,
    name: nameOf(file.path),
    mode: FILE_MODE,
    bytes: file.bytes,
    hash: blobs[at] as BlobHash,
    chunked: file.bytes > CHUNK_BYTES,
  }))
  const folder = core.blobs.of(record.user).blobs
  await checkFetched(folder, record.model, entries, run.signal)
  const tree = encodeTree(entries)
  const root = hashBytes(tree)
  folder.write(root, tree)
  await folder.flush()
  return core.ledger.change(() => {
    const now = core.store.pulls.get(record.id)
    if (now?.state !== "pulling") return now ?? record
    const { versions } = addVersion(core, callerOf(core, record.user), record.name, { root, shared: record.shared })
    const version = versions.find((one) => one.root === root)?.version ?? null
    const done: PullRecord = { ...record, state: "done", reason: null, version, endedAt: core.clock.now() }
    core.store.pulls.put(done)
    return done
  })
}

async function fetchFiles(run: PullRun): Promise<readonly BlobHash[]> {
  const { core, hub, record, progress, locks } = run
  const failed = new AbortController()
  const signal = AbortSignal.any([run.signal, failed.signal])
  const blobs: BlobHash[] = []
  const waiting = [...record.model.files.entries()]
  const fetchOne = async (at: number, file: PulledFile) => {
    const key = `${record.user} ${contentOf(file)}`
    blobs[at] = await locks.alone(key, signal, () => fetchContent(core, hub, record, file, progress, signal))
  }
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await fetchOne(...next)
  }
  const workers = Array.from({ length: FILES_AT_A_TIME }, () =>
    work().catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  // None may write on when the others are given up.
  const [problem] = (await Promise.allSettled(workers)).filter(({ status }) => status === "rejected")
  run.signal.throwIfAborted()
  if (problem !== undefined) throw failed.signal.reason
  return blobs
}
