import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { damageBlob } from "../../../test/support/small-trees.ts"
import { BlobFolder } from "../../workspace/blob-folder.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { readPack } from "../../workspace/pack.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { giveData } from "./give-data.ts"

const never = new AbortController().signal

test("what the host refuses is looked at, and dropped where it is damaged, with all others that are", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("server"))
  const there = new BlobFolder(scratch.at("host"))
  const putData = async (pack: AsyncIterable<Uint8Array>) => void (await readPack(pack, there))
  const to = { putData } as Partial<HostChannel> as HostChannel
  const contents = [3_000_000, 2_000_000, 1_500_000, 10].map((bytes) => randomBytes(bytes))
  const hashes = contents.map(hashBytes)
  for (const [i, hash] of hashes.entries()) blobs.write(hash, contents[i]!)
  damageBlob(blobs, hashes[1]!)
  damageBlob(blobs, hashes[2]!)
  await assert.rejects(giveData(to, blobs, hashes, never), { code: "corrupt_data" })
  assert.deepEqual(blobs.missing(hashes), [hashes[1], hashes[2]])
  assert.deepEqual(there.missing(hashes), hashes.slice(1))
  await giveData(to, blobs, [hashes[0]!, hashes[3]!], never)
  assert.deepEqual(there.missing(hashes), [hashes[1], hashes[2]])
})
