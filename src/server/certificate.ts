import { createPrivateKey, hash, type KeyObject, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { isIP } from "node:net"
import { hostname } from "node:os"
import { WindfallError } from "../protocol/errors.ts"

/** A server's certificate, with those that lead to its authority, and its key; both PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/**
 * Reads a certificate and its key, and refuses what no client would accept.
 * @param nowMs the time its validity is looked at
 * @throws {WindfallError} file_not_found, invalid_input
 */
export function readCertificate(certFile: string, keyFile: string, nowMs: number): Certificate {
  const cert = readText("certificate", certFile)
  const key = readText("key", keyFile)
  const parsed = parseCertificate(cert, certFile)
  const end = new Date(parsed.validTo)
  if (end.getTime() < nowMs) {
    throw unusable("certificate", certFile, `it expired on ${day(end)}`, "Have it renewed by whoever signed it")
  }
  const start = new Date(parsed.validFrom)
  if (start.getTime() > nowMs) {
    throw unusable("certificate", certFile, `it is valid from ${day(start)} on`, "Is this machine's clock right?")
  }
  if (!parsed.checkPrivateKey(parseKey(key, keyFile))) {
    const hint = "Give the key that the certificate was made with"
    throw unusable("key", keyFile, `it is not the key of ${certFile}`, hint)
  }
  return { cert, key }
}

/**
 * The name for a server's URL: the address it listens on where the certificate is good for that, else the certificate's
 * own, by which others will reach it.
 */
export function nameForUrl(cert: string, host: string): string {
  const parsed = new X509Certificate(cert)
  const isGood = (name: string) => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined
  if (isGood(host)) return host
  const names = [...(parsed.subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^,*\s]+)(?=,|$)/g)].map(
    ([, name]) => name,
  )
  const usable = [hostname(), ...names].filter((name) => name !== undefined && isGood(name)) as string[]
  const here = usable.find(isLoopback) ?? host
  return isLoopback(host) ? here : (usable.find((name) => !isLoopback(name)) ?? here)
}

/**
 * What a certificate is known by: the hash of its public key, as curl pins it and as ssh writes one. It stays when a
 * certificate is renewed with its key.
 */
export function fingerprintOf(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" })
  return `SHA256:${hash("sha256", key, "base64").replace(/=+$/, "")}`
}

/** Whether an address or name leads to this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
}

function readText(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const reason = code === "ENOENT" ? "there is no such file" : message
    throw new WindfallError("file_not_found", `Cannot read the ${what} ${file}: ${reason}`, {
      hint: "Name a file that the account of the server can read",
      cause,
    })
  }
}

function parseCertificate(text: string, file: string): X509Certificate {
  try {
    if (text.includes("-----BEGIN CERTIFICATE-----")) return new X509Certificate(text)
  } catch {
    // Said below: which byte of it is wrong helps nobody.
  }
  const hint = text.includes("PRIVATE KEY-----")
    ? "It holds a key: were --tls-cert and --tls-key mixed up?"
    : "Turn one in another form into PEM: openssl x509 -inform der -in FILE -out cert.pem"
  throw unusable("certificate", file, "it holds no certificate in PEM form", hint)
}

function parseKey(text: string, file: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    const hint = `Take the passphrase off a copy that only the server's account can read: openssl pkey -in ${file} -out plain.key`
    throw unusable("key", file, "it is locked with a passphrase, and nobody is there to type it", hint)
  }
  try {
    return createPrivateKey(text)
  } catch {
    const hint = "It must hold lines from -----BEGIN PRIVATE KEY----- on"
    throw unusable("key", file, "it holds no private key in PEM form", hint)
  }
}

function unusable(what: string, file: string, reason: string, hint: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot use the ${what} ${file}: ${reason}`, { hint })
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
