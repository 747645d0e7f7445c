import assert from "node:assert/strict"
import * as fs from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { dataRules } from "../../workspace/data-rules.ts"
import { scanTree } from "../../workspace/scan.ts"
import { sourceBlob } from "../../workspace/sources.ts"
import { StatCache } from "../../workspace/stat-cache.ts"
import { refuseLinksOut } from "./model-links.ts"
import { leftBehind, linksOut, type ModelFiles, modelRules, requireFiles } from "./model-rules.ts"

const scan = (folder: string, files: ModelFiles, cache?: StatCache) =>
  scanTree(folder, { rules: modelRules(dataRules(), folder, files), ...(cache === undefined ? {} : { cache }) })

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
  const files = { only: null, needed: ["model.safetensors"], weights: [] }
  const scanned = await scan(snapshot, files, cache)
  assert.deepEqual(
    scanned.record.entries.map(({ name, kind }) => [name, kind]),
    [["model.safetensors", "file"]],
  )
  assert.deepEqual(linksOut(scanned), ["folder", "gone.json"])
  assert.equal(scanned.bytes, 7)
  const [[hash, source] = []] = scanned.sources
  assert.equal(Buffer.from((await sourceBlob(hash!, source!).open()) as Uint8Array).toString(), "weights")
  requireFiles(scanned, files.needed)
  assert.throws(() => requireFiles(scanned, ["gone.json"]), /gone\.json: it is a link that leads out of the folder/)
  assert.throws(() => requireFiles(scanned, ["none.json"]), /none\.json: it is gone, or cannot travel as a plain file/)

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
  const all = await scan(folder, { only: null, needed: [], weights: ["a.gguf"] })
  assert.deepEqual(
    all.record.entries.map(({ name }) => name),
    ["a.gguf"],
  )
  assert.deepEqual(linksOut(all), ["b.gguf", "config.json"])
  const { record } = await scan(folder, { only: ["a.gguf"], needed: [], weights: ["a.gguf"] })
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
  const scanned = await scan(scratch.path, { only: null, needed: ["config.json", "model.safetensors"], weights: [] })
  const came = [...scanned.entries()].filter(({ entry }) => entry.kind === "file").map(({ path }) => path)
  assert.deepEqual(came.sort(), [...files].sort())
  assert.deepEqual([...leftBehind(scanned)].sort(), behind)
  // The only weights there are.
  const only = await scan(scratch.path, {
    only: null,
    needed: ["config.json", "consolidated.safetensors"],
    weights: [],
  })
  assert.ok(only.record.entries.some(({ name }) => name === "consolidated.safetensors"))
})

test("a link is followed within the folder alone; what leads out stays behind and is told, whatever its target is called", async () => {
  using scratch = new ScratchFolder()
  const folder = join(scratch.path, "model")
  const home = join(scratch.path, "home")
  const secrets = ["token", "hosts.yml", "config.json", ".bash_history", "windfall.json"]
  for (const one of [join(folder, "sub"), home]) fs.mkdirSync(one, { recursive: true })
  for (const name of secrets) {
    fs.writeFileSync(join(home, name), name)
    fs.symlinkSync(join(home, name), join(folder, `link-${name}`))
  }
  fs.writeFileSync(join(folder, "sub/a.json"), "{}")
  fs.symlinkSync("sub/a.json", join(folder, "within.json"))
  fs.symlinkSync("sub", join(folder, "within"))
  fs.symlinkSync("link-token", join(folder, "twice"))
  fs.symlinkSync("../../home/token", join(folder, "sub/notes.txt"))
  fs.symlinkSync("../home", join(folder, "folder"))
  fs.symlinkSync("/dev/null", join(folder, "device"))
  fs.symlinkSync("../model/loop", join(scratch.path, "circle"))
  fs.symlinkSync("../circle", join(folder, "loop"))
  const cache = new StatCache(join(scratch.path, "cache"), folder)
  const files = { only: null, needed: [], weights: [] }
  const came = async () => {
    const scanned = await scan(folder, files, cache)
    const entries = [...scanned.entries()].map(({ path, entry }) => `${entry.kind} ${path}`)
    return { entries: entries.sort(), behind: [...linksOut(scanned)].sort() }
  }
  const stay = [...secrets.map((name) => `link-${name}`), "device", "folder", "loop", "sub/notes.txt", "twice"].sort()
  const entries = ["file sub/a.json", "file within.json", "folder ", "folder sub", "link within"]
  assert.deepEqual(await came(), { entries, behind: stay })
  // Also when it led within at the last scan.
  fs.rmSync(join(folder, "within"))
  fs.symlinkSync("../home", join(folder, "within"))
  assert.deepEqual(await came(), { entries: entries.slice(0, -1), behind: [...stay, "within"].sort() })
})

test("what is needed is refused before it is read where it is a link that leads out, and not in a cache of Hugging Face", () => {
  using scratch = new ScratchFolder()
  const snapshot = join(scratch.path, "snapshots/abc")
  for (const folder of [snapshot, join(scratch.path, "blobs")]) fs.mkdirSync(folder, { recursive: true })
  for (const name of ["blobs/01", "other"]) fs.writeFileSync(join(scratch.path, name), "{}")
  fs.symlinkSync("../../blobs/01", join(snapshot, "config.json"))
  fs.symlinkSync("../../other", join(snapshot, "tokenizer.json"))
  refuseLinksOut(snapshot, ["config.json"])
  assert.throws(
    () => refuseLinksOut(snapshot, ["config.json", "tokenizer.json"]),
    /Cannot read tokenizer\.json: it is a link that leads out of the folder/,
  )
})
