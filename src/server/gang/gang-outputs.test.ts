import assert from "node:assert/strict"
import { test } from "node:test"
import { at, type GangPool, gang, poolOf, runningGang } from "../../../test/support/gang-scene.ts"
import type { SimulatedAttempt, SimulatedHost } from "../../../test/support/simulated-host.ts"
import type { OutputList } from "../../protocol/api.ts"
import type { BlobHash, JobId } from "../../protocol/ids.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { encodeTree } from "../../workspace/tree.ts"

/** Has the attempt make a file with this text. */
function makes(host: SimulatedHost, attempt: SimulatedAttempt, text: string): void {
  const bytes = Buffer.from(text)
  const hash = hashBytes(bytes)
  const tree = encodeTree([{ kind: "file", name: "made.txt", mode: 0o644, bytes: bytes.length, hash, chunked: false }])
  host.blobs.write(hash, bytes)
  host.blobs.write(hashBytes(tree), tree)
  attempt.outputs = { tree: hashBytes(tree), files: 1, bytes: bytes.length }
}

async function filesOf(pool: GangPool, id: JobId): Promise<string[]> {
  const { files } = await pool.server.call<OutputList>("GET", `/v1/jobs/${id}/outputs`)
  return files.map(({ path }) => path)
}

test("the files of the main member come home, or those of all, each in a folder of its own", async () => {
  await using pool = await poolOf(2)
  for (const [outputsFrom, wanted] of [
    ["main", ["made.txt"]],
    ["all", ["rank-0/made.txt", "rank-1/made.txt"]],
  ] as const) {
    const job = await runningGang(pool, 2, gang(2, { outputsFrom }))
    assert.deepEqual(at(pool, job, 1)[1].order.outputs, outputsFrom === "all" ? null : [])
    for (const rank of [1, 0]) {
      const [host, attempt] = at(pool, job, rank)
      if (outputsFrom === "all" || rank === 0) makes(host, attempt, `by ${rank}`)
      host.finish(attempt)
    }
    const ended = await pool.server.untilEnded(job.id)
    assert.deepEqual([ended.state, ended.outputs?.state, ended.outputs?.files], ["succeeded", "ready", wanted.length])
    assert.deepEqual(await filesOf(pool, job.id), wanted)
  }
})

test("what the main member wrote goes along, also where its command failed for the loss of another", async () => {
  await using pool = await poolOf(2)
  const job = await runningGang(pool, 2, { retry: { limit: 1, afterSilenceMs: null, once: false } })
  const [main, attempt] = at(pool, job, 0)
  const [peer, other] = at(pool, job, 1)
  const { hear } = peer
  peer.hear = () => {}
  makes(main, attempt, "step 12")
  const { giveOutputs } = main
  const asked: BlobHash[] = []
  main.giveOutputs = (hashes, signal) => {
    asked.push(...hashes)
    return giveOutputs(hashes, signal)
  }
  main.finish(attempt, { exitCode: 1 })
  await pool.server.until(job.id, ({ attempts }) => attempts[0]?.state === "finishing")
  peer.hear = hear
  peer.finish(other, { cause: "host_crashed" })
  const again = await pool.server.until(job.id, ({ attempts }) => attempts.length === 4)
  assert.deepEqual([again.checkpoint?.kept?.attempt, again.checkpoint?.kept?.files], [1, 1])
  const orders = [0, 1].map((rank) => at(pool, again, rank)[1].order.checkpoint?.from?.attempt)
  assert.deepEqual(orders, [1, 1])
  // They are its outputs, should it not be tried again, and what the next begins with: asked for once.
  assert.equal(new Set(asked).size, asked.length)
})
