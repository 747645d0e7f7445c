import type { Hash } from "node:crypto"
import type { BlobHash } from "../protocol/ids.ts"

/** Loading it takes 6 ms, and a second send of an unchanged folder hashes nothing. */
let crypto: typeof import("node:crypto") | undefined

function loadCrypto(): typeof import("node:crypto") {
  crypto ??= process.getBuiltinModule("node:crypto")
  return crypto
}

/** The hash that names these bytes. */
export function hashBytes(bytes: Uint8Array): BlobHash {
  return (crypto ?? loadCrypto()).hash("sha256", bytes, "hex") as BlobHash
}

/** Hashes bytes that come piece by piece. */
export class BlobHasher {
  readonly #hash: Hash = loadCrypto().createHash("sha256")

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    return this
  }

  /** The hash of all that came. Once only. */
  digest(): BlobHash {
    return this.#hash.digest("hex") as BlobHash
  }
}

/** Bytes of a hash in binary objects: trees, chunk lists, packs. */
export const HASH_BYTES = 32

/** Writes a hash as 32 bytes at `at`. */
export function putHash(into: Buffer, at: number, value: BlobHash): void {
  into.write(value, at, HASH_BYTES, "hex")
}

/** Reads the hash whose 32 bytes start at `at`. */
export function getHash(from: Buffer, at: number): BlobHash {
  return from.toString("hex", at, at + HASH_BYTES) as BlobHash
}

/** The same memory as a Buffer, for its fast readers and writers. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
