/** What the disk of the server loses of workspaces and outputs. */
import assert from "node:assert/strict"
import { truncateSync } from "node:fs"
import { test } from "node:test"
import { exitsAtOnce } from "../../test/support/simulated-host.ts"
import { damageBlob, makesOutputs, packed, type SmallTree, treeOf } from "../../test/support/small-trees.ts"
import { TestServer } from "../../test/support/test-server.ts"
import type { DoctorReport, OutputList } from "../protocol/api.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { readPack } from "../workspace/pack.ts"

const large = Buffer.alloc(3_000_000, "large")
const project = () => treeOf({ one: "the first file", two: "the second file", three: "the third file", large })

function blobsOf(server: TestServer) {
  return server.running.core.blobs.of("admin").blobs
}

/** Sends what is said to be missing, until the job is accepted. Returns what was missing each time. */
async function send(server: TestServer, tree: SmallTree): Promise<{ id: number; asked: string[][] }> {
  const asked: string[][] = []
  for (;;) {
    try {
      const { id } = await server.submit({ workspace: tree.root })
      return { id, asked }
    } catch (error) {
      const { missing } = (error as { details: { missing: BlobHash[] } }).details
      asked.push(missing.toSorted())
      await server.call("POST", "/v1/blobs", await packed(tree, missing))
    }
  }
}

for (const found of ["two", "large"] as const) {
  test(`a damaged blob found on its way to a host (${found}) ends the job in words; one more send mends all`, async () => {
    await using server = await TestServer.start()
    const host = await server.hosts.join("alpha")
    host.script = exitsAtOnce()
    const tree = project()
    await server.call("POST", "/v1/blobs", await packed(tree))
    const blobs = blobsOf(server)
    const { one = "", two = "", three = "" } = tree.files as Record<string, BlobHash>
    const damaged = [one as BlobHash, three as BlobHash, tree.files[found]!]
    for (const hash of damaged) damageBlob(blobs, hash)
    // The host has the others, so that this one is the first that is found.
    for (const hash of [one, three, found === "two" ? "" : two]) {
      if (hash !== "") host.blobs.write(hash as BlobHash, tree.blobs.get(hash as BlobHash)!)
    }
    const { id } = await server.submit({ workspace: tree.root })
    const job = await server.untilEnded(id)
    assert.deepEqual([job.state, job.cause, job.attempts.length], ["failed", "workspace_failed", 1])
    assert.match(
      job.reason ?? "",
      /^Cannot give the host the workspace: 3 blobs of it are damaged .* Send the job again/,
    )
    const { asked } = await send(server, tree)
    assert.deepEqual(asked, [damaged.toSorted()])
  })
}

test("with a retry policy a damaged workspace is tried as often as that says, and the tree is read once", async () => {
  await using server = await TestServer.start()
  await server.hosts.join("alpha")
  const tree = project()
  await server.call("POST", "/v1/blobs", await packed(tree))
  damageBlob(blobsOf(server), tree.files.one!)
  const { id } = await server.submit({
    workspace: tree.root,
    retry: { limit: 1, afterSilenceMs: null, once: false },
  })
  const job = await server.untilEnded(id)
  assert.deepEqual([job.cause, job.attempts.length], ["workspace_failed", 2])
  assert.equal(blobsOf(server).damaged, 1)
})

test("what is damaged beside a lost blob is asked for in the same answer, also what was cut short", async () => {
  await using server = await TestServer.start()
  const tree = project()
  await server.call("POST", "/v1/blobs", await packed(tree))
  const blobs = blobsOf(server)
  blobs.drop(tree.files.one!)
  damageBlob(blobs, tree.files.large!)
  truncateSync(blobs.path(tree.files.two!), 3)
  const { asked } = await send(server, tree)
  assert.deepEqual(asked, [[tree.files.one!, tree.files.large!, tree.files.two!].toSorted()])
  const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
  assert.match(findings.find(({ code }) => code === "damaged")?.text ?? "", /^2 stored blobs/)
})

test("below a folder that is damaged too, the rest is asked for as soon as the folder is back", async () => {
  await using server = await TestServer.start()
  const tree = project()
  await server.call("POST", "/v1/blobs", await packed(tree))
  const blobs = blobsOf(server)
  const folder = [...tree.blobs.keys()].at(-2)!
  for (const hash of [folder, tree.root, tree.files.two!]) damageBlob(blobs, hash)
  const { asked } = await send(server, tree)
  assert.deepEqual(asked, [[tree.root], [folder], [tree.files.two!]])
})

test("of damaged outputs the rest is given out, and what is lost is said", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const other = Buffer.alloc(2_500_000, "other")
  const tree = treeOf({ good: "good", bad: "bad", large, other })
  host.script = makesOutputs(tree)
  const { id } = await server.submit()
  assert.equal((await server.untilEnded(id)).outputs?.state, "ready")
  const blobs = blobsOf(server)
  for (const name of ["bad", "large", "other"]) damageBlob(blobs, tree.files[name]!)
  const got = new Set<BlobHash>()
  const sink = {
    write: (hash: BlobHash) => void got.add(hash),
    begin: (hash: BlobHash) => ({ write: () => {}, commit: () => void got.add(hash), abort: () => {} }),
  }
  const fetchAll = async () => {
    const answer = await server.request("POST", `/v1/jobs/${id}/outputs/fetch`, { hashes: [...tree.blobs.keys()] })
    assert.equal(answer.status, 200)
    await readPack(answer.body as AsyncIterable<Uint8Array>, sink)
  }
  // Of a large one it is known only at its end; after that one break, all that are damaged are left out.
  await assert.rejects(fetchAll())
  await fetchAll()
  const lost = ["bad", "large", "other"].map((name) => tree.files[name]!)
  assert.deepEqual([...got].toSorted(), [...tree.blobs.keys()].filter((hash) => !lost.includes(hash)).toSorted())
  const list = await server.call<OutputList>("GET", `/v1/jobs/${id}/outputs`)
  assert.deepEqual(
    [list.files.map(({ path }) => path), list.lost],
    [["out/good"], ["out/bad", "out/large", "out/other"]],
  )
})

test("outputs whose list is damaged are said to be", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const tree = treeOf({ good: "good" })
  host.script = makesOutputs(tree)
  const { id } = await server.submit()
  await server.untilEnded(id)
  damageBlob(blobsOf(server), tree.root)
  const { files, lost } = await server.call<OutputList>("GET", `/v1/jobs/${id}/outputs`)
  assert.deepEqual([files, lost], [[], [""]])
})
