import assert from "node:assert/strict"
import { test } from "node:test"
import { ggufHeader } from "../../../test/support/gguf-file.ts"
import { smallModel } from "../../../test/support/hive-models.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { CHUNK_BYTES, encodeChunkList, encodeTree, type TreeEntry } from "../../workspace/tree.ts"
import { readStoredModel } from "./stored-model.ts"

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
  const { metadata, tensors } = smallModel(3)
  const { header } = ggufHeader(metadata, tensors)
  const file = (name: string): TreeEntry => ({
    kind: "file",
    name,
    mode: 0o644,
    bytes: header.length,
    hash: add(header),
    chunked: false,
  })
  const inner = add(encodeTree([file("a.gguf"), file("b.gguf")]))
  const root = add(encodeTree([file("only.gguf"), { kind: "folder", name: "more", mode: 0o755, hash: inner }]))
  const read = (named: string | null) => readStoredModel(blobs, { name: "set", root }, named, signal)
  assert.deepEqual([(await read(null)).path, (await read(null)).facts.layers.length], ["only.gguf", 3])
  assert.equal((await read("more/b.gguf")).path, "more/b.gguf")
  await assert.rejects(read("more"), /it has 2 models: a\.gguf, b\.gguf/)
  await assert.rejects(read("none.gguf"), /the data set has no such file/)
  await assert.rejects(read("only.gguf/x"), /no such file/)
})

test("what is asked for of a file in chunks comes from each of them, and what the disk has lost is said", async () => {
  using scratch = new ScratchFolder()
  const { blobs, add } = folderIn(scratch)
  const { metadata, tensors } = smallModel(2)
  // A header that does not end with the first chunk.
  const long = Array.from({ length: 8 }, (_, at) => [`a.long-${at}`, "x".repeat(CHUNK_BYTES / 8 - 100)])
  const { header } = ggufHeader({ ...Object.fromEntries(long), ...metadata }, tensors)
  const cut = [header.subarray(0, CHUNK_BYTES), header.subarray(CHUNK_BYTES)]
  assert.ok(cut[1]!.length > 0)
  const hashes = cut.map(add)
  const entry: TreeEntry = {
    kind: "file",
    name: "m.gguf",
    mode: 0o644,
    bytes: header.length,
    hash: add(encodeChunkList(hashes)),
    chunked: true,
  }
  const root = add(encodeTree([entry]))
  assert.equal((await readStoredModel(blobs, { name: "set", root }, null, signal)).facts.layers.length, 2)
  blobs.drop(hashes[1]!)
  await assert.rejects(readStoredModel(blobs, { name: "set", root }, null, signal))
})
