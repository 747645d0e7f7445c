import type { BlobsMissingAnswer, BlobsStored, OutputList } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { OutputsView } from "../../protocol/job.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { closure, listTree, measureTree } from "../../workspace/diff.ts"
import { encodePack, readPack } from "../../workspace/pack.ts"
import { decodeChunkList, type FileEntry, type FolderEntry } from "../../workspace/tree.ts"
import { packSoundBlobs } from "../blobs/pack-blobs.ts"
import { blameServerDisk } from "../blobs/server-disk.ts"
import { outputList } from "./answers/job-answers.ts"
import { missingBlobs, storedBlobs } from "./answers/server-answers.ts"
import { findOwnJob } from "./job-routes.ts"
import { type Route, route } from "./route.ts"
import { hashesRequest } from "./schemas.ts"
import { streamed } from "./stream.ts"

const PACK = "application/octet-stream"
const PACK_FORM =
  "A pack is a run of records, each the blob's sha256 in 32 bytes, its length as u64 big-endian, and its bytes; it ends at the end of a record."

export const blobRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/blobs/missing",
    summary: "Says which of these blobs the caller has not brought yet",
    answer: missingBlobs,
    body: hashesRequest,
    respond: async ({ core, caller, body }): Promise<BlobsMissingAnswer> => ({
      missing: await core.blobs.missing(caller.user, body.hashes),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/blobs",
    summary: "Takes a pack of blobs; answered when all of it is on disk",
    answer: storedBlobs,
    description: PACK_FORM,
    consumes: PACK,
    respond: async ({ core, caller, bytes, signal }): Promise<BlobsStored> => {
      await core.blobs.settled(caller.user)
      try {
        const { blobs } = core.blobs.of(caller.user)
        const stored = await readPack(bytes(), blobs, { signal }).catch(blameCaller)
        await blobs.flush()
        return { stored }
      } catch (error) {
        throw blameServerDisk(error)
      }
    },
  }),
  route({
    method: "GET",
    path: "/v1/jobs/:id/outputs",
    summary: "Lists what a job made, as kept on the server",
    answer: outputList,
    respond: ({ core, caller, params }): OutputList => {
      const job = findOwnJob(core, params.id, caller, "list the outputs of")
      const tree = job.outputs?.state === "ready" ? job.outputs.tree : null
      if (tree === null) return { tree: null, files: [], lost: [] }
      return listOutputs(core.blobs.of(job.user).blobs, tree)
    },
  }),
  route({
    method: "POST",
    path: "/v1/jobs/:id/outputs/fetch",
    summary:
      "Answers a pack of these blobs, which must belong to the job's outputs or to what was sent with it; without those that are damaged here",
    body: hashesRequest,
    description: PACK_FORM,
    produces: PACK,
    repeats: "anew",
    respond: (request) => {
      const { core, caller, params, body } = request
      const job = findOwnJob(core, params.id, caller, "fetch the outputs of")
      if (job.outputs?.state !== "ready" || job.outputs.tree === null) {
        throw new WindfallError("wrong_state", `Cannot fetch the outputs of job ${job.id}: ${unready(job.outputs)}`)
      }
      const { blobs } = core.blobs.of(job.user)
      const read = (hash: BlobHash) => blobs.readIfSound(hash)
      const own = closure(job.outputs.tree, read)
      let foreign = body.hashes.find((hash) => !own.has(hash))
      if (foreign !== undefined && job.spec.workspace !== null) {
        // The trees of what was sent tell which files here are still as they were; only then is that large set worked out.
        const sent = closure(job.spec.workspace, read)
        foreign = body.hashes.find((hash) => !own.has(hash) && !sent.has(hash))
      }
      if (foreign !== undefined) {
        throw new WindfallError("file_not_found", `Cannot fetch ${foreign}: it is not of the outputs of job ${job.id}`)
      }
      const hashes = new Set<BlobHash>(body.hashes)
      const report = (error: unknown) => core.report(`Cannot read a blob of the outputs of job ${job.id}`, error)
      return streamed(request, (gone) => encodePack(packSoundBlobs(blobs, hashes, { signal: gone, report })), {
        headers: { "content-type": PACK },
      })
    },
  }),
]

/** A pack that is not what it says is damage elsewhere; here the caller made it. */
function blameCaller(error: unknown): never {
  if (!(error instanceof WindfallError) || error.code !== "corrupt_data") throw error
  throw new WindfallError("invalid_input", error.message, { details: error.details, cause: error })
}

const MAX_LISTED = 1_000_000

function listOutputs(blobs: BlobFolder, tree: BlobHash): OutputList {
  const read = (hash: BlobHash) => blobs.readIfSound(hash)
  // Counted first: what a host says its job made can be a small tree that stands for billions of folders.
  measureTree(tree, read, MAX_LISTED)
  const files: OutputList["files"][number][] = []
  const lost: string[] = blobs.has(tree) ? [] : [""]
  for (const { path, entry } of listTree(tree, read)) {
    if (entry.kind === "link") continue
    if (!isHere(blobs, entry)) lost.push(path)
    else if (entry.kind === "file") {
      files.push({ path, bytes: entry.bytes, hash: entry.hash, mode: entry.mode })
    }
  }
  return { tree, files, lost }
}

function isHere(blobs: BlobFolder, entry: FileEntry | FolderEntry): boolean {
  if (entry.kind === "folder" || !entry.chunked) return blobs.has(entry.hash)
  const list = blobs.readIfSound(entry.hash)
  return list !== undefined && blobs.missing(decodeChunkList(list, entry.bytes)).length === 0
}

function unready(outputs: OutputsView | null): string {
  const state = outputs?.state

  if (state === "collecting" || state === undefined) return "it has not ended yet"
  if (state === "lost") return outputs?.problem ?? "they were lost with the host"
  if (state === "expired") return "they were kept for a while and are gone now"
  return "it made none"
}
