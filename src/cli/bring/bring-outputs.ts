import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { type BroughtHome, bringHome } from "../../workspace/bring-home.ts"
import type { FetchBlobs } from "../../workspace/fetch-trees.ts"
import { makeFolder } from "../../workspace/make-folder.ts"
import { noteCameHome } from "../came-home.ts"
import type { Cli } from "../cli.ts"
import { isLinkFailure, SERVER_PATIENCE_MS } from "../follow/link-failure.ts"
import { forgetJob } from "../remembered.ts"
import { Progress } from "../render/progress.ts"

/** Breaks in a row without a single new byte after which it is given up. */
const FRUITLESS = 5

/**
 * Brings a job's files into `into`, with a bar on a terminal, through broken connections: what has arrived stays there,
 * and a later call goes on where this one ended. Where another process brings them to the same place, it waits for that.
 * @param say for a line to whoever waits
 * @throws {WindfallError} when there are none to bring, or they cannot be fetched or written
 */
export async function bringOutputs(
  cli: Cli,
  job: JobView,
  into: string,
  say: (text: string) => Promise<void>,
): Promise<BroughtHome> {
  const tree = job.outputs?.tree
  if (job.outputs?.state !== "ready" || tree == null) throw noOutputs(job)
  makeFolder(into, {
    doing: `bring files to ${into}`,
    hint: `Name a folder, there or to be made: windfall get ${job.id} --to DIR`,
  })
  const fetch: FetchBlobs = (hashes) => fetchPack(cli, job, hashes)
  const progress = new Progress({
    out: cli.stderr,
    clock: cli.clock,
    what: `windfall: files of job ${job.id}`,
    totalBytes: 0,
  })
  let reached = 0
  let fruitless = 0
  try {
    for (;;) {
      const before = reached
      try {
        const came = await bringHome(tree, into, {
          fetch,
          job: job.id,
          base: job.spec.workspace,
          clock: cli.clock,
          onWait: () => void say(`another windfall is bringing the files of job ${job.id} there; waiting for it`),
          onProgress: ({ bytes, totalBytes }) => {
            reached = Math.max(reached, bytes)
            progress.reach(bytes, totalBytes)
          },
        })
        forgetJob(cli.settings, cli.client.url, job.id)
        if (came.refused.length + came.lost.length === 0) noteCameHome(cli.settings, cli.client.url, job.id, into)
        return came
      } catch (error) {
        fruitless = reached > before ? 0 : fruitless + 1
        if (!isLinkFailure(error) || fruitless === FRUITLESS) throw error
      }
    }
  } finally {
    await progress.end()
  }
}

async function* fetchPack(cli: Cli, job: JobView, hashes: readonly string[]): AsyncGenerator<Uint8Array> {
  const body = await cli.client.open("POST", `/v1/jobs/${job.id}/outputs/fetch`, {
    body: { hashes },
    patienceMs: SERVER_PATIENCE_MS,
  })
  yield* body as AsyncIterable<Uint8Array>
}

function noOutputs(job: JobView): WindfallError {
  const state = job.outputs?.state
  const why =
    state === "none"
      ? "it made and changed none"
      : state === "lost"
        ? (job.outputs?.problem ?? "they are lost with its host")
        : state === "expired"
          ? "the server no longer keeps them"
          : "they are not on the server yet"
  const hint = state === "collecting" || state === undefined ? `Wait for it: windfall attach ${job.id}` : undefined
  return new WindfallError("file_not_found", `Cannot get files of job ${job.id}: ${why}`, { hint })
}
