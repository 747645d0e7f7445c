import { execFile } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { hostname, networkInterfaces } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { makePrivateFolder } from "../workspace/make-folder.ts"
import { type Certificate, readCertificate } from "./certificate.ts"

const run = promisify(execFile)

const DAYS = 3650

/** What a certificate is for: names of DNS, and addresses. */
export interface CertificateNames {
  readonly hosts: readonly string[]
  readonly addresses: readonly string[]
}

/**
 * The certificate a server makes for itself at its first start, and finds again at each later one. It is valid for ten years
 * and pinned by those who log in, so its names matter only to who checks them, and need not follow the machine's.
 * @param folder of this alone, closed to others
 * @throws {WindfallError} internal where there is no openssl; what {@link readCertificate} says of a damaged one
 */
export async function ownCertificate(
  folder: string,
  clock: Pick<Clock, "now">,
  names: CertificateNames = namesOfThisMachine(),
): Promise<Certificate> {
  const certFile = join(folder, "cert.pem")
  const keyFile = join(folder, "key.pem")
  // The certificate comes last: without it no key was ever in use.
  if (!existsSync(certFile)) await make(folder, certFile, keyFile, names)
  // Looked at after it was made: it is valid from that very second on.
  return readCertificate(certFile, keyFile, clock.now())
}

async function make(folder: string, certFile: string, keyFile: string, names: CertificateNames): Promise<void> {
  makePrivateFolder(folder, "Give another folder with --data")
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 })
  const request = join(folder, "request.cnf")
  const draft = join(folder, "cert.new")
  writeFileSync(request, requestText(names), { mode: 0o600 })
  const words = [
    "req",
    "-new",
    "-x509",
    "-sha256",
    "-days",
    `${DAYS}`,
    "-key",
    keyFile,
    "-config",
    request,
    "-out",
    draft,
  ]
  try {
    await run(opensslProgram(), words)
    renameSync(draft, certFile)
  } catch (cause) {
    const { code, stderr, message } = cause as { code?: unknown; stderr?: string; message: string }
    const reason = code === "ENOENT" ? "there is no openssl here" : stderr?.trim().split("\n").at(-1) || message
    throw new WindfallError("internal", `Cannot make a certificate: ${reason}`, {
      hint: "Install openssl, or give a certificate of the lab's: --tls-cert FILE --tls-key FILE",
      cause,
    })
  } finally {
    for (const file of [request, draft]) rmSync(file, { force: true })
  }
}

/** A Mac has one always; another that PATH may lead to is of no concern. */
function opensslProgram(): string {
  return process.platform === "darwin" ? "/usr/bin/openssl" : "openssl"
}

/** A configuration file says it to OpenSSL and to macOS's LibreSSL in the same words; their options differ. */
function requestText({ hosts, addresses }: CertificateNames): string {
  const lines = [
    "[req]",
    "prompt = no",
    "distinguished_name = subject",
    "x509_extensions = extensions",
    "[subject]",
    "CN = Windfall",
    "[extensions]",
    "basicConstraints = critical,CA:FALSE",
    "keyUsage = critical,digitalSignature",
    "extendedKeyUsage = serverAuth",
    "subjectAltName = @names",
    "[names]",
    ...hosts.map((name, i) => `DNS.${i + 1} = ${name}`),
    ...addresses.map((address, i) => `IP.${i + 1} = ${address}`),
  ]
  return `${lines.join("\n")}\n`
}

function namesOfThisMachine(): CertificateNames {
  const name = hostname().toLowerCase()
  const short = name.split(".")[0] ?? name
  const isName = (text: string) => /^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/.test(text)
  const hosts = new Set(["localhost", name, short, `${short}.local`].filter(isName))
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const lasting = addresses.filter(({ address }) => !address.startsWith("fe80:")).map(({ address }) => address)
  return { hosts: [...hosts], addresses: [...new Set(["127.0.0.1", "::1", ...lasting])] }
}
