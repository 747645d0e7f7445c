import { readFile } from "node:fs/promises"
import type { HiveOrder } from "../../hive/order/hive-order.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { hashBytes } from "../../workspace/hash.ts"
import { encodeTree } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import type { EnginePackages } from "./engine-packages.ts"

/** What a hive runs on each of its hosts, in the folder of its job. */
export const HIVE_COMMAND: readonly string[] = ["/bin/sh", "-c", 'exec "$WINDFALL_NODE" member.mjs hive.json']

/**
 * Makes the folder that a hive is sent with: the member program, its order, and what its engine is built from, if it is. It lies among the blobs of who serves the model.
 * @returns its root
 * @throws {WindfallError} disk_full
 */
export async function storeHiveWorkspace(
  core: Core,
  user: string,
  order: HiveOrder,
  memberFile: string,
  packages: EnginePackages | null,
): Promise<BlobHash> {
  await core.blobs.settled(user)
  const { blobs } = core.blobs.of(user)
  const store = (bytes: Uint8Array): BlobHash => {
    const hash = hashBytes(bytes)
    if (!blobs.has(hash)) blobs.write(hash, bytes)
    return hash
  }
  const file = (name: string, bytes: Uint8Array, mode: number) =>
    ({ kind: "file", name, mode, bytes: bytes.length, hash: store(bytes), chunked: false }) as const
  const entries = [
    file("hive.json", Buffer.from(`${JSON.stringify(order, null, 1)}\n`), 0o600),
    file("member.mjs", await readFile(memberFile), 0o644),
    ...(packages === null ? [] : [file(packages.file, Buffer.from(packages.text), 0o644)]),
  ]
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const root = store(encodeTree(entries))
  await blobs.flush()
  return root
}
