import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { HOME_JOB, HomeScene } from "../../test/support/home-scene.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { bringHome } from "./bring-home.ts"
import { hashBytes } from "./hash.ts"
import { encodePack } from "./pack.ts"
import { scanTree } from "./scan.ts"
import { bytesBlob } from "./sources.ts"
import { CHUNK_BYTES, decodeTree, encodeTree } from "./tree.ts"

const job = HOME_JOB

test("new outputs come home to the same place, with their modes", async () => {
  using scene = new HomeScene()
  scene.scratch.write(
    { "out/run.sh": "#!", "out/sub/a": "same", "out/sub/b": "same", "out/empty/": "", big: "" },
    "out",
  )
  fs.writeFileSync(scene.scratch.at("out/big"), Buffer.alloc(3_000_000, "big"))
  fs.chmodSync(scene.scratch.at("out/out/run.sh"), 0o750)
  fs.chmodSync(scene.scratch.at("out/out/empty"), 0o500)
  fs.symlinkSync("run.sh", scene.scratch.at("out/out/link"))
  const tree = await scene.store({}, "out")
  const seen: number[] = []
  const result = await bringHome(tree, scene.home, {
    fetch: (hashes) => scene.fetch(hashes),
    job,
    base: null,
    onProgress: ({ bytes, totalBytes, files, totalFiles }) => {
      assert(bytes <= totalBytes && files <= totalFiles && totalFiles === 4)
      seen.push(files)
    },
  })
  assert.equal((await scanTree(scene.home)).root, tree)
  assert.deepEqual(result.written.toSorted(), ["big", "out/link", "out/run.sh", "out/sub/a", "out/sub/b"])
  assert.deepEqual([result.kept, result.setAside, result.refused], [[], [], []])
  assert.equal(seen.at(-1), 4)

  scene.fetched.length = 0
  const again = await scene.bring(tree)
  assert.deepEqual([again.written, again.kept.length, again.bytes], [[], 5, 0])
  assert(scene.fetched.every((hash) => scene.blobs.bytesOf(hash)! < 1000))
  fs.chmodSync(`${scene.home}/out/empty`, 0o700)
})

test("a file that is as it was sent is replaced, one that changed here stays and the job's stands beside it", async () => {
  using scene = new HomeScene()
  const sent = { "as-sent": "one", changed: "two", "sub/changed": "three", removed: "four" }
  const base = await scene.store(sent, "sent")
  const tree = await scene.store(
    { "as-sent": "ONE", changed: "TWO", "sub/changed": "THREE", removed: "FOUR", made: "JOB" },
    "out",
  )
  scene.scratch.write({ "as-sent": "one", changed: "mine", "sub/changed": "mine", made: "mine" }, "home")
  const result = await scene.bring(tree, base)
  assert.deepEqual(
    ["as-sent", "changed", "changed.17", "sub/changed", "sub/changed.17", "made", "made.17", "removed"].map((path) =>
      scene.read(path),
    ),
    ["ONE", "mine", "TWO", "mine", "THREE", "mine", "JOB", "FOUR"],
  )
  assert.deepEqual(result.setAside, [
    { path: "changed", as: "changed.17" },
    { path: "made", as: "made.17" },
    { path: "sub/changed", as: "sub/changed.17" },
  ])
  const again = await scene.bring(tree, base)
  assert.deepEqual(again.written, [])
  assert.deepEqual(again.setAside, result.setAside)

  fs.writeFileSync(`${scene.home}/made.17`, "mine too")
  await scene.bring(tree, base)
  assert.equal(scene.read("made.17-2"), "JOB")
})

test("what was sent can be given as the record of the scan", async () => {
  using scene = new HomeScene()
  const { record } = await scanTree(scene.scratch.write({ "sub/a": "one", "sub/b": "two" }, "sent"))
  const tree = await scene.store({ "sub/a": "ONE", "sub/b": "TWO" }, "out")
  scene.scratch.write({ "sub/a": "one", "sub/b": "mine" }, "home")
  await bringHome(tree, scene.home, { fetch: (hashes) => scene.fetch(hashes), job, base: record })
  assert.deepEqual(
    ["sub/a", "sub/b", "sub/b.17"].map((path) => scene.read(path)),
    ["ONE", "mine", "TWO"],
  )
})

test("without what was sent, nothing that differs is overwritten", async () => {
  using scene = new HomeScene()
  const base = await scene.store({ "sub/a": "one" }, "sent")
  const tree = await scene.store({ "sub/a": "ONE" }, "out")
  scene.scratch.write({ "sub/a": "one" }, "home")
  scene.blobs.drop(base)
  const { setAside } = await scene.bring(tree, base)
  assert.deepEqual(setAside, [{ path: "sub/a", as: "sub/a.17" }])
  assert.equal(scene.read("sub/a"), "one")
})

test("a file that changes while it comes home is not overwritten either", async () => {
  using scene = new HomeScene()
  const base = await scene.store({ a: "one" }, "sent")
  const tree = await scene.store({ a: "ONE", new: "NEW" }, "out")
  scene.scratch.write({ a: "one" }, "home")
  const file = hashBytes(Buffer.from("ONE"))
  async function* fetch(hashes: readonly BlobHash[]) {
    if (hashes.includes(file)) scene.scratch.write({ a: "two", new: "mine" }, "home")
    yield* scene.fetch(hashes)
  }
  const { setAside } = await bringHome(tree, scene.home, { fetch, job, base })
  assert.deepEqual(
    setAside.map(({ as }) => as),
    ["a.17", "new.17"],
  )
  assert.deepEqual(
    ["a", "a.17", "new", "new.17"].map((path) => scene.read(path)),
    ["two", "ONE", "mine", "NEW"],
  )
})

test("nothing is written through links, outside the folder or into git's", async () => {
  using scene = new HomeScene()
  const outside = scene.scratch.write({ x: "outside" }, "outside")
  fs.symlinkSync(outside, `${scene.home}/sub`)
  fs.symlinkSync(`${outside}/x`, `${scene.home}/file`)
  fs.symlinkSync(`${outside}/new`, `${scene.home}/dangling`)
  const tree = await scene.store({ "sub/x": "evil", file: "evil", dangling: "evil" }, "out")
  const result = await scene.bring(tree)
  assert.equal(result.refused[0]?.path, "sub")
  assert.deepEqual(
    result.setAside.map(({ as }) => as),
    ["dangling.17", "file.17"],
  )
  assert.deepEqual(fs.readdirSync(outside), ["x"])
  assert.equal(fs.readFileSync(`${outside}/x`, "utf8"), "outside")

  const hook = await scene.store({ "post-checkout": "evil" }, "hook")
  const git = scene.storeTree(
    [".git", ".GIT", "git~1", ".g\u200cit"].map((name) => ({ kind: "folder", name, mode: 0o755, hash: hook })),
  )
  const { refused, written } = await scene.bring(git)
  assert.deepEqual([refused.length, written], [4, []])

  const blob = hashBytes(Buffer.from("evil"))
  const evil = Buffer.from(
    encodeTree([{ kind: "file", name: "xx", mode: 0o644, bytes: 4, hash: blob, chunked: false }]),
  )
  evil.write("..", 7)
  scene.blobs.write(hashBytes(evil), evil)
  await assert.rejects(scene.bring(hashBytes(evil)), { code: "unsafe_path" })
})

test("a folder where a file stands here goes beside it", async () => {
  using scene = new HomeScene()
  const tree = await scene.store({ "name/x": "job" }, "out")
  scene.scratch.write({ name: "mine" }, "home")
  const { setAside } = await scene.bring(tree)
  assert.deepEqual(setAside, [{ path: "name", as: "name.17", here: "file" }])
  assert.deepEqual([scene.read("name"), scene.read("name.17/x")], ["mine", "job"])
})

test("what came before a break is not fetched again, within large files too", async () => {
  using scene = new HomeScene()
  const large = Buffer.alloc(CHUNK_BYTES + 2_000_000, "x")
  large.write("second", CHUNK_BYTES)
  const tree = await scene.store({ first: "small", weights: large }, "out")
  const whole = large.length
  scene.breakAfterBytes = whole - 1_000_000
  await assert.rejects(scene.bring(tree), /link lost/)
  assert.equal(scene.read("first"), "small")
  assert.equal(fs.existsSync(`${scene.home}/weights`), false)
  assert.equal((await scanTree(scene.home)).files, 1)

  scene.breakAfterBytes = Number.POSITIVE_INFINITY
  scene.fetched.length = 0
  const result = await scene.bring(tree)
  assert.deepEqual(result.written, ["weights"])
  const bytes = scene.fetched.reduce((sum, hash) => sum + scene.blobs.bytesOf(hash)!, 0)
  assert(bytes < 2_001_000, `${bytes} bytes fetched again`)
  assert(fs.readFileSync(`${scene.home}/weights`).equals(large))
  assert.deepEqual(fs.readdirSync(scene.home).toSorted(), ["first", "weights"])
})

test("what the server has lost is named, and the rest comes home", async () => {
  using scene = new HomeScene()
  const large = Buffer.alloc(CHUNK_BYTES + 1000, "x")
  const tree = await scene.store(
    { good: "good", twice: "gone", "sub/again": "gone", "lost/a": "in a lost folder", "deep/er/b": "b", large },
    "out",
  )
  const top = decodeTree(scene.blobs.readSync(tree))
  const hashOf = (name: string) => (top.find((entry) => entry.name === name) as { hash: BlobHash }).hash
  for (const hash of [hashBytes(Buffer.from("gone")), hashOf("lost"), hashOf("large")]) scene.blobs.drop(hash)
  async function* fetch(hashes: readonly BlobHash[]) {
    yield* scene.fetch(hashes.filter((hash) => scene.blobs.has(hash)))
  }
  const came = await bringHome(tree, scene.home, { fetch, job, base: null })
  assert.deepEqual(came.written.toSorted(), ["deep/er/b", "good"])
  assert.deepEqual(came.lost.toSorted(), ["large", "lost", "sub/again", "twice"])
  assert.equal(came.bytes, 5)
  assert.deepEqual(fs.readdirSync(scene.home).toSorted(), ["deep", "good", "sub"])
  scene.blobs.drop(tree)
  await assert.rejects(bringHome(tree, scene.home, { fetch, job, base: null }), { code: "blobs_missing" })
})

test("a server that sends what was not asked for, or wrong bytes, is refused", async () => {
  using scene = new HomeScene()
  const tree = await scene.store({ a: "one" }, "out")
  const other = Buffer.from("other")
  const unasked = (hashes: readonly BlobHash[]) =>
    hashes.includes(hashBytes(Buffer.from("one")))
      ? encodePack([bytesBlob(hashBytes(other), other)])
      : scene.fetch(hashes)
  await assert.rejects(bringHome(tree, scene.home, { fetch: unasked, job, base: null }), { code: "corrupt_data" })
  const bytes = Buffer.from("1")
  const lying = scene.storeTree([
    { kind: "file", name: "a", mode: 0o644, bytes: 9, hash: hashBytes(bytes), chunked: false },
  ])
  scene.blobs.write(hashBytes(bytes), bytes)
  await assert.rejects(scene.bring(lying), { code: "corrupt_data" })
  assert.deepEqual(
    fs.readdirSync(scene.home).filter((name) => !name.startsWith(".windfall")),
    [],
  )
})

test("a name with no room for an ending is shortened to set it aside", async () => {
  using scene = new HomeScene()
  const long = "é".repeat(127)
  const tree = await scene.store({ [long]: "job" }, "out")
  scene.scratch.write({ [long]: "mine" }, "home")
  const { setAside } = await scene.bring(tree)
  assert.equal(setAside[0]?.as, `${"é".repeat(126)}.17`)
})
