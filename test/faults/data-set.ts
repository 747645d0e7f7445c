import type { StoredDataView } from "../../src/protocol/data-api.ts"
import type { BlobHash } from "../../src/protocol/ids.ts"
import type { JobData } from "../../src/protocol/job-data.ts"
import { hashBytes } from "../../src/workspace/hash.ts"
import { encodePack } from "../../src/workspace/pack.ts"
import { encodeTree } from "../../src/workspace/tree.ts"
import type { LabHost } from "../lab/lab.ts"
import type { Ground } from "./ground.ts"
import type { Random } from "./random.ts"

const FILES = 4
/** Together on their way for some tenths of a second. */
const FILE_BYTES = 320 * 1024

/** Some files that go to hosts as one tree. */
export interface FileSet {
  readonly root: BlobHash
  /** What must be stored on the server before it can be used. */
  readonly blobs: readonly Uint8Array[]
  /** The content of all files, by name. */
  readonly content: Buffer
}

/** Stored data of a round, of which every byte is known. */
export interface DataSet extends FileSet {
  readonly use: JobData
}

export function inventData(name: string, random: Random): DataSet {
  const files = Array.from({ length: FILES }, () => randomBytes(random, FILE_BYTES))
  return {
    ...fileSet(Object.fromEntries(files.map((content, i) => [`part-${i}`, content]))),
    use: { name, path: `data/${name}`, version: null, root: null, bytes: 0 },
  }
}

/** Stores it on the server; then on `first`, too, which can give it to the other hosts. */
export async function storeData(ground: Ground, set: DataSet, first: LabHost | null): Promise<void> {
  const { pool } = ground
  await storeBlobs(ground, set.blobs)
  await pool.api<StoredDataView>("PUT", `/v1/data/${set.use.name}/version`, { root: set.root, shared: null })
  if (first === null) return
  const { id } = await pool.submit({ command: ["true"], host: first.name, data: [set.use] })
  const { state, reason } = await pool.awaitJob(id)
  if (state !== "succeeded") throw new Error(`Cannot place data on ${first.name}: ${reason}`)
}

/** Takes it off the server; hosts let go of it as they hear of that. */
export async function removeData({ pool }: Ground, { use }: DataSet): Promise<void> {
  await pool.api("DELETE", `/v1/data/${use.name}?force=false`)
}

/** Takes off the server what rounds that failed have left there. */
export async function removeAllData({ pool }: Ground): Promise<void> {
  const { data } = await pool.api<{ data: StoredDataView[] }>("GET", "/v1/data")
  for (const { name } of data) await pool.api("DELETE", `/v1/data/${name}?force=true`)
}

export async function storeBlobs({ pool }: Ground, blobs: readonly Uint8Array[]): Promise<void> {
  if (blobs.length === 0) return
  const named = blobs.map((bytes) => ({ hash: hashBytes(bytes), bytes: bytes.length, open: () => bytes }))
  const pack = Buffer.concat(await Array.fromAsync(encodePack(named)))
  const response = await fetch(`${pool.url}/v1/blobs`, {
    method: "POST",
    headers: { authorization: `Bearer ${pool.token}`, "content-type": "application/octet-stream" },
    body: new Uint8Array(pack),
  })
  if (!response.ok) throw new Error(`Cannot upload: ${await response.text()}`)
}

/** A folder of these files, whose names come in order. */
export function fileSet(files: Readonly<Record<string, Buffer>>): FileSet {
  const entries = Object.entries(files).map(
    ([name, content]) =>
      ({ kind: "file", name, mode: 0o644, bytes: content.length, hash: hashBytes(content), chunked: false }) as const,
  )
  const tree = encodeTree(entries)
  const contents = Object.values(files)
  return { root: hashBytes(tree), blobs: [...contents, tree], content: Buffer.concat(contents) }
}

export function randomBytes(random: Random, count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let at = 0; at < count; at += 4) bytes.writeUInt32LE(Math.floor(random.next() * 4294967296), at)
  return bytes
}
