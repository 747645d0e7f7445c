import assert from "node:assert/strict"
import * as fs from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { dataRules } from "../../workspace/data-rules.ts"
import { scanTree } from "../../workspace/scan.ts"
import { sourceBlob } from "../../workspace/sources.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { leftBehind, type ModelFiles, modelRules, requireFiles } from "./model-rules.ts"

const scan = (folder: string, files: ModelFiles, cache?: StatCache) =>
  scanTree(folder, { rules: modelRules(dataRules(), files), ...(cache === undefined ? {} : { cache }) })

test("links to plain files of a model travel as these, as in a cache of Hugging Face", async () => {
  using scratch = new ScratchFolder()
  const snapshot = join(scratch.path, "snapshots/abc")
  for (const folder of [snapshot, join(scratch.path, "blobs")]) fs.mkdirSync(folder, { recursive: true })
  const blob = join(scratch.path, "blobs/0123")
  fs.writeFileSync(blob, "weights")
  fs.symlinkSync("../../blobs/0123", join(snapshot, "model.safetensors"))
  fs.symlinkSync("../../blobs/gone", join(snapshot, "gone.json"))
  fs.symlinkSync("../../blobs", join(snapshot, "folder"))
  const cache = new StatCache(join(scratch.path, "cache"), snapshot)
  const files = { only: null, needed: ["model.safetensors"] }
  const scanned = await scan(snapshot, files, cache)
  assert.deepEqual(
    scanned.record.entries.map(({ name, kind }) => [name, kind]),
    [
      ["folder", "link"],
      ["gone.json", "link"],
      ["model.safetensors", "file"],
    ],
  )
  assert.equal(scanned.bytes, 7)
  const [[hash, source] = []] = scanned.sources
  assert.equal(Buffer.from((await sourceBlob(hash!, source!).open()) as Uint8Array).toString(), "weights")
  requireFiles(scanned, files.needed)
  assert.throws(() => requireFiles(scanned, ["gone.json"]), /gone\.json: it cannot travel as a plain file/)

  fs.writeFileSync(blob, "others now")
  assert.equal((await scan(snapshot, files, cache)).bytes, 10)
  // What is no model's keeps its links.
  const plain = await scanTree(snapshot, { rules: dataRules(), cache })
  assert.ok(plain.record.entries.every(({ kind }) => kind === "link"))
})

test("a link of a model's folder brings along no secret, and no file that was not named", async () => {
  using scratch = new ScratchFolder()
  const folder = join(scratch.path, "model")
  fs.mkdirSync(folder)
  fs.writeFileSync(join(scratch.path, "id_rsa"), "secret")
  fs.writeFileSync(join(scratch.path, "weights"), "weights")
  fs.symlinkSync("../id_rsa", join(folder, "config.json"))
  for (const name of ["a.gguf", "b.gguf"]) fs.symlinkSync("../weights", join(folder, name))
  const all = await scan(folder, { only: null, needed: [] })
  assert.equal(all.record.entries.find(({ name }) => name === "config.json")?.kind, "link")
  const { record } = await scan(folder, { only: ["a.gguf"], needed: [] })
  assert.deepEqual(
    record.entries.map(({ name, kind }) => [name, kind]),
    [["a.gguf", "file"]],
  )
})

test("pickles, programs and a second copy stay behind, wherever they lie in the folder, and are told", async () => {
  using scratch = new ScratchFolder()
  const files = ["config.json", "model.safetensors", "README.md", "pooling/config.json"]
  const behind = ["consolidated.safetensors", "modeling_x.py", "pooling/pytorch_model.bin", "pytorch_model.bin"]
  fs.mkdirSync(join(scratch.path, "pooling"))
  for (const name of [...files, ...behind]) fs.writeFileSync(join(scratch.path, name), name)
  const scanned = await scan(scratch.path, { only: null, needed: ["config.json", "model.safetensors"] })
  const came = [...scanned.entries()].filter(({ entry }) => entry.kind === "file").map(({ path }) => path)
  assert.deepEqual(came.sort(), [...files].sort())
  assert.deepEqual([...leftBehind(scanned)].sort(), behind)
  // The only weights there are.
  const only = await scan(scratch.path, { only: null, needed: ["config.json", "consolidated.safetensors"] })
  assert.ok(only.record.entries.some(({ name }) => name === "consolidated.safetensors"))
})
