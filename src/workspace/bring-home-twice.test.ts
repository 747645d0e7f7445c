import assert from "node:assert/strict"
import * as fs from "node:fs"
import { test } from "node:test"
import { HOME_JOB, HomeScene } from "../../test/support/home-scene.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { bringHome } from "./bring-home.ts"
import { hashBytes } from "./hash.ts"

const job = HOME_JOB

test("two at once fetch one after the other, and each finds everything home", async () => {
  using scene = new HomeScene()
  const tree = await scene.store({ a: "one", "sub/b": "two", c: "three" }, "out")
  let waits = 0
  const bring = () =>
    bringHome(tree, scene.home, { fetch: (hashes) => scene.fetch(hashes), job, base: null, onWait: () => waits++ })
  const all = await Promise.all([bring(), bring(), bring()])
  assert.deepEqual(all.map(({ written }) => written.length).toSorted(), [0, 0, 3])
  assert.deepEqual(all.map(({ kept }) => kept.length).toSorted(), [0, 3, 3])
  assert.equal(waits, 2)
  const file = hashBytes(Buffer.from("one"))
  assert.equal(scene.fetched.filter((hash) => hash === file).length, 1)
  assert.deepEqual(fs.readdirSync(scene.home).toSorted(), ["a", "c", "sub"])
})

test("one that was taken for dead looks anew and goes on", async () => {
  using scene = new HomeScene()
  const tree = await scene.store({ a: "one", b: "two" }, "out")
  let taken = false
  async function* fetch(hashes: readonly BlobHash[]) {
    for await (const piece of scene.fetch(hashes)) {
      const part = fs.readdirSync(scene.home).find((name) => name.startsWith(".windfall"))
      if (!taken && part !== undefined) {
        taken = true
        fs.renameSync(`${scene.home}/${part}`, `${scene.home}/.windfall-${job}.part`)
      }
      yield piece
    }
  }
  await bringHome(tree, scene.home, { fetch, job, base: null })
  assert(taken)
  assert.deepEqual([scene.read("a"), scene.read("b")], ["one", "two"])
  assert.deepEqual(fs.readdirSync(scene.home).toSorted(), ["a", "b"])
})

test("a file that another transfer has brought meanwhile is not set aside", async () => {
  using scene = new HomeScene()
  const base = await scene.store({ a: "one", changed: "two" }, "sent")
  const tree = await scene.store({ a: "ONE", changed: "TWO", "new/file": "NEW" }, "out")
  scene.scratch.write({ a: "one", changed: "mine" }, "home")
  const file = hashBytes(Buffer.from("ONE"))
  async function* fetch(hashes: readonly BlobHash[]) {
    if (hashes.includes(file)) {
      scene.scratch.write({ a: "ONE", "changed.17": "TWO", "new/file": "NEW" }, "home")
    }
    yield* scene.fetch(hashes)
  }
  await bringHome(tree, scene.home, { fetch, job, base })
  assert.deepEqual(fs.readdirSync(scene.home).toSorted(), ["a", "changed", "changed.17", "new"])
  assert.deepEqual(fs.readdirSync(`${scene.home}/new`), ["file"])
})
