/** A job's number, counted up by its server from 1; what people type. */
export type JobId = number & { readonly __brand: "JobId" }
/** An attempt's id, unique over all servers and times: `a` and 26 characters of base32. */
export type AttemptId = string & { readonly __brand: "AttemptId" }
/** A host's id: `h` and 26 characters. */
export type HostId = string & { readonly __brand: "HostId" }
/** A server's id, made at its first start: `s` and 26 characters. It names a folder on hosts. */
export type ServerId = string & { readonly __brand: "ServerId" }
/** Names one run of a server's process: `r` and 26 characters. */
export type RunId = string & { readonly __brand: "RunId" }
/** A token's id (not the token): `t` and 26 characters. */
export type TokenId = string & { readonly __brand: "TokenId" }
/** A key's id (not the key): `k` and 26 characters. */
export type KeyId = string & { readonly __brand: "KeyId" }
/** A one-time code's id (not the code): `c` and 26 characters. */
export type CodeId = string & { readonly __brand: "CodeId" }
/** A target's id: `n` and 26 characters. */
export type TargetId = string & { readonly __brand: "TargetId" }
/** The id of a message to a target: `m` and 26 characters. The same however often it is sent. */
export type MessageId = string & { readonly __brand: "MessageId" }
/** The id of a model that is fetched from a hub: `p` and 26 characters. */
export type PullId = string & { readonly __brand: "PullId" }
/** The sha256 of some bytes, 64 lower-case hex digits. */
export type BlobHash = string & { readonly __brand: "BlobHash" }

type IdPrefix = "a" | "c" | "h" | "k" | "m" | "n" | "p" | "r" | "s" | "t"

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

/** Makes an id from 16 random bytes: `prefix` and 26 characters that sort and read well, safe in file names and URLs. */
export function makeId<T extends string>(prefix: IdPrefix, randomBytes: Uint8Array): T {
  let bits = 0n
  for (const byte of randomBytes.subarray(0, 16)) bits = (bits << 8n) | BigInt(byte)
  let text = ""
  for (let i = 0; i < 26; i++) {
    text = ALPHABET[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return (prefix + text) as T
}

const ID = /^[achkmnprst][0-9a-hjkmnp-tv-z]{26}$/

/** Whether a text received from elsewhere has the form of an id with this prefix: safe as a file name. */
export function isId(prefix: IdPrefix, text: unknown): boolean {
  return typeof text === "string" && text.startsWith(prefix) && ID.test(text)
}

export function isBlobHash(text: unknown): text is BlobHash {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text)
}
