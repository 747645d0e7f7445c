import { nodeCrypto } from "./builtin.ts"

/** What a certificate (DER) is known by: the hash of its public key, as curl pins it and as ssh writes one. */
export function fingerprintOf(certificate: Uint8Array): string {
  const { X509Certificate, hash } = nodeCrypto()
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" })
  return `SHA256:${hash("sha256", key, "base64").replace(/=+$/, "")}`
}

/** Reads what somebody typed or pasted. @throws {SyntaxError} when it is no such hash */
export function readFingerprint(text: string): string {
  const [, hash] = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text) ?? []
  if (hash === undefined) throw new SyntaxError("write SHA256: and 43 letters and digits, as windfall up shows it")
  return `SHA256:${hash}`
}
