import assert from "node:assert/strict"
import { test } from "node:test"
import { headerOf, smallModel, wholeFile } from "../../../test/support/hive-models.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { CHUNK_BYTES, encodeChunkList, encodeTree, type TreeEntry } from "../../workspace/tree.ts"
import { readStoredModel, storedFile } from "./stored-model.ts"

const { signal } = new AbortController()

function folderIn(scratch: ScratchFolder): {
  blobs: BlobFolder
  add: (bytes: Uint8Array) => ReturnType<typeof hashBytes>
} {
  const blobs = new BlobFolder(scratch.at("blobs"))
  const add = (bytes: Uint8Array) => {
    const hash = hashBytes(bytes)
    blobs.write(hash, bytes)
    return hash
  }
  return { blobs, add }
}

test("a model in data is read by its headers, the only one or the one that is named, in a folder too", async () => {
  using scratch = new ScratchFolder()
  const { blobs, add } = folderIn(scratch)
  const file = (name: string, content = wholeFile(smallModel(3))): TreeEntry => ({
    kind: "file",
    name,
    mode: 0o644,
    bytes: content.length,
    hash: add(content),
    chunked: false,
  })
  const inner = add(encodeTree([file("a.gguf"), file("b.gguf")]))
  const root = add(encodeTree([file("only.gguf"), { kind: "folder", name: "more", mode: 0o755, hash: inner }]))
  const read = (named: string | null) => readStoredModel(blobs, { name: "set", root }, named, signal)
  assert.deepEqual([(await read(null)).path, (await read(null)).facts.layers.length], ["only.gguf", 3])
  assert.equal((await read("more/b.gguf")).path, "more/b.gguf")
  await assert.rejects(read("more"), /it has 2 models: a\.gguf, b\.gguf/)
  const { header } = headerOf(smallModel(3))
  const cut = add(encodeTree([file("m.gguf", header)]))
  await assert.rejects(
    readStoredModel(blobs, { name: "set", root: cut }, null, signal),
    new RegExp(`Cannot serve m: m\\.gguf: the file ends at byte ${header.length}, its header names tensors up to`),
  )
  await assert.rejects(read("none.gguf"), /the data set has no such file/)
  await assert.rejects(read("only.gguf/x"), /no such file/)
})

test("what is asked for of a file in chunks comes from each of them, and what the disk has lost is said", async () => {
  using scratch = new ScratchFolder()
  const { blobs, add } = folderIn(scratch)
  const whole = Buffer.alloc(CHUNK_BYTES + 1_000)
  for (let at = 0; at < whole.length; at += 97) whole[at] = at % 251
  const hashes = [whole.subarray(0, CHUNK_BYTES), whole.subarray(CHUNK_BYTES)].map(add)
  const hash = add(encodeChunkList(hashes))
  const entry = { kind: "file", name: "m.gguf", mode: 0o644, bytes: whole.length, hash, chunked: true } as const
  const source = storedFile("m.gguf", entry, blobs)
  for (const [offset, length] of [
    [0, 10],
    [CHUNK_BYTES - 7, 14],
    [CHUNK_BYTES, 5],
    [whole.length - 3, 100],
    [whole.length + 5, 5],
  ] as const) {
    assert.deepEqual(Buffer.from(await source.read(offset, length, signal)), whole.subarray(offset, offset + length))
  }
  blobs.drop(hashes[1]!)
  await assert.rejects(source.read(CHUNK_BYTES, 1, signal))
})
