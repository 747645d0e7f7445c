import { readFileSync } from "node:fs"
import { Agent as HttpAgent, type RequestOptions as HttpOptions, get as httpGet, type IncomingMessage } from "node:http"
import { Agent as HttpsAgent, get as httpsGet } from "node:https"
import { getCACertificates, rootCertificates } from "node:tls"
import { WindfallError } from "../protocol/errors.ts"

/** Where uv and pip look when nothing is configured. */
const DEFAULT_INDEX = "https://pypi.org/simple"
const QUIET_MS = 30_000
const MAX_REDIRECTS = 5
const MAX_BYTES = 256 * 1024 * 1024

/** A package index, as the account's settings name it. */
export interface PythonIndex {
  readonly url: string
  /** PEM files to trust besides the authorities Node knows. */
  readonly certificateFile: string | undefined
  /** For proxies. */
  readonly environment: NodeJS.ProcessEnv
}

/** Takes the index from the variables of uv, then of pip. */
export function pythonIndex(environment: NodeJS.ProcessEnv): PythonIndex {
  const set = (names: readonly string[]) => names.map((name) => environment[name]).find(Boolean)
  return {
    url: set(["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]) ?? DEFAULT_INDEX,
    certificateFile: set(["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]),
    environment,
  }
}

/** What the account's settings say to hosts: the index without who asks; `null` where it is the usual one, or has a password in it. */
export function indexForHosts(environment: NodeJS.ProcessEnv): string | null {
  const { url } = pythonIndex(environment)
  if (url === DEFAULT_INDEX || !URL.canParse(url)) return null
  const { username, password } = new URL(url)
  return username === "" && password === "" ? url : null
}

/**
 * Fetches a file of a package from an index, by its name. What it is has to be checked by who gets it.
 * @throws {WindfallError} internal when it cannot be had, with what to set
 */
export function fetchFromIndex(index: PythonIndex, name: string, file: string, signal: AbortSignal): Promise<Buffer> {
  return explained(name, signal, async () => {
    const page = pageOf(index, name)
    const link = linkTo((await fetchAll(index, page, signal)).toString(), file)
    if (link === undefined) throw new Error(`the index does not have ${file}`)
    return fetchAll(index, new URL(link, page), signal)
  })
}

/** Asks an index for a package and keeps nothing. @throws {WindfallError} internal when it does not answer, with what to set */
export function askIndex(index: PythonIndex, name: string, signal: AbortSignal): Promise<void> {
  return explained(name, signal, async () => void (await fetchAll(index, pageOf(index, name), signal)))
}

function pageOf({ url }: PythonIndex, name: string): URL {
  return new URL(`${url.replace(/\/+$/, "")}/${name}/`)
}

async function explained<T>(name: string, signal: AbortSignal, fetching: () => Promise<T>): Promise<T> {
  try {
    return await fetching()
  } catch (cause) {
    signal.throwIfAborted()
    const { message, code } = cause as NodeJS.ErrnoException
    throw new WindfallError("internal", `Cannot fetch ${name}: ${message || code}`, {
      hint: "Can the server reach a Python package index? Set UV_DEFAULT_INDEX, SSL_CERT_FILE or https_proxy where it is started",
      cause,
    })
  }
}

/** The link of a file, in an index's page of HTML or JSON (PEP 503, PEP 691). */
function linkTo(listing: string, file: string): string | undefined {
  const links = listing.matchAll(/(?:href\s*=\s*["']|"url"\s*:\s*")([^"'#]+)/gi)
  return links
    .map(([, link = ""]) => link.replaceAll("&amp;", "&"))
    .find((link) => {
      const [path = ""] = link.split("?", 1)
      return decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)) === file
    })
}

async function fetchAll(index: PythonIndex, url: URL, signal: AbortSignal, redirects = 0): Promise<Buffer> {
  const answer = await request(index, url, signal)
  const { statusCode = 0, headers } = answer
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects < MAX_REDIRECTS) {
    answer.destroy()
    return fetchAll(index, new URL(headers.location, url), signal, redirects + 1)
  }
  if (statusCode !== 200) {
    answer.destroy()
    throw new Error(`${url.host} answers with status ${statusCode}`)
  }
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MAX_BYTES) throw new Error(`${url.host} sends more than it should`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function request(index: PythonIndex, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { environment, certificateFile } = index
  const isTls = url.protocol === "https:"
  const own = certificateFile === undefined ? [] : [readFileSync(certificateFile, "utf8")]
  // Node 24.5 and later go through the proxies that this names.
  const proxied = { proxyEnv: environment }
  const agent = isTls
    ? new HttpsAgent({ ...proxied, ca: [...rootCertificates, ...getCACertificates("system"), ...own] })
    : new HttpAgent(proxied)
  const user =
    url.username === "" ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }
  const options: HttpOptions = { agent, signal, timeout: QUIET_MS, headers: { accept: "text/html" }, ...user }
  return new Promise((resolve, reject) => {
    const asked = isTls ? httpsGet(url, options, resolve) : httpGet(url, options, resolve)
    asked.on("timeout", () => asked.destroy(new Error(`${url.host} does not answer`)))
    asked.on("error", reject)
  })
}
