import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** What goes wrong with one answer of where the bytes lie. */
export interface Fault {
  /** Answers with this status instead. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sends so many bytes of the body, then nothing more, and never ends. */
  readonly stallAfter?: number
  /** Sends so many bytes of the body, then cuts the connection. */
  readonly cutAfter?: number
  /** Says that it is so long, and sends what there is. */
  readonly claimBytes?: number
  /** Sends all of it whatever range was asked for. */
  readonly ignoreRange?: boolean
  /** Sends a range that begins so many bytes later than asked for, and says so. */
  readonly shift?: number
  /** Sends these in place of the file. */
  readonly bytes?: Buffer
}

export interface HubAsked {
  readonly origin: "hub" | "store"
  readonly method: string
  readonly path: string
  readonly range: string | null
  readonly token: string | null
}

export interface HubRepository {
  commit: string
  readonly files: Map<string, Buffer>
  /** Small files lie on the hub itself; those in large file storage at another origin. */
  readonly large: (path: string) => boolean
}

/** A hub like Hugging Face's: an API, and another origin where large files lie. What it is asked is noted. */
export class HubServer implements AsyncDisposable {
  readonly repositories = new Map<string, HubRepository>()
  readonly asked: HubAsked[] = []
  /** Asked before each answer. */
  fault: (asked: HubAsked, times: number) => Fault | null = () => null
  /** With it, all that the hub itself has is closed to others. */
  token: string | null = null
  /** How much its listings say. */
  listing: "blobs" | "tree" | "names" = "blobs"
  /** What is told of files, where that is not true. */
  claims: (path: string) => Partial<{ sha256: string; bytes: number }> = () => ({})
  readonly #hub: Server
  readonly #store: Server
  readonly #times = new Map<string, number>()

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer("hub", request, response))
    this.#store = createServer((request, response) => this.#answer("store", request, response))
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer()
    for (const one of [server.#hub, server.#store])
      await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve))
    return server
  }

  get url(): string {
    return urlOf(this.#hub)
  }

  add(name: string, files: Readonly<Record<string, Buffer | string>>, largeFrom = 1_000): HubRepository {
    const all = new Map(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes)]))
    const commit = createHash("sha1").update(name).digest("hex")
    const large = (path: string) => (all.get(path)?.length ?? 0) >= largeFrom
    const repository = { commit, files: all, large }
    this.repositories.set(name, repository)
    return repository
  }

  /** Bytes of large files were asked for. */
  get fetched(): readonly HubAsked[] {
    return this.asked.filter(({ origin, method }) => origin === "store" && method === "GET")
  }

  #answer(origin: "hub" | "store", request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://hub")
    const path = decodeURIComponent(url.pathname)
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? null
    const asked = { origin, method: request.method ?? "", path, range: request.headers.range ?? null, token }
    this.asked.push(asked)
    const key = `${origin} ${asked.method} ${path}`
    const times = this.#times.get(key) ?? 0
    this.#times.set(key, times + 1)
    const fault = this.fault(asked, times)
    response.on("error", () => {})
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end("it says no")
      return
    }
    if (origin === "hub" && this.token !== null && token !== this.token) {
      response.writeHead(401, { "x-error-code": "GatedRepo" }).end()
      return
    }
    const parts = /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)(?:\/(.*))?$/.exec(path)
    const [, name = "", what = "", revision = "", file = ""] = parts ?? []
    const repository = this.repositories.get(name)
    if (repository === undefined) response.writeHead(404, { "x-error-code": "RepoNotFound" }).end()
    else if (revision !== "main" && revision !== repository.commit)
      response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end()
    else if (what === "resolve") this.#resolve(origin, repository, file, url, request, response, fault)
    else if (what === "tree" && this.listing === "names") response.writeHead(404).end()
    else {
      const isSaid = what === "tree" ? "tree" : this.listing === "blobs" ? "blobs" : "names"
      const files = [...repository.files.keys()].map((one) => this.#entry(repository, one, isSaid))
      response.writeHead(200, { "content-type": "application/json", ...fault?.headers })
      response.end(JSON.stringify(what === "tree" ? files : { id: name, sha: repository.commit, siblings: files }))
    }
  }

  #entry(repository: HubRepository, path: string, isSaid: "blobs" | "tree" | "names"): unknown {
    if (isSaid === "names") return { rfilename: path }
    const bytes = repository.files.get(path) ?? Buffer.alloc(0)
    const size = this.claims(path).bytes ?? bytes.length
    const sha256 = this.claims(path).sha256 ?? sha256Of(bytes)
    const git = gitOf(bytes)
    const isLarge = repository.large(path)
    if (isSaid === "tree")
      return { type: "file", path, oid: git, size, ...(isLarge ? { lfs: { oid: sha256, size } } : {}) }
    return { rfilename: path, blobId: git, size, ...(isLarge ? { lfs: { sha256, size, pointerSize: 134 } } : {}) }
  }

  #resolve(
    origin: "hub" | "store",
    repository: HubRepository,
    path: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | null,
  ): void {
    const stored = repository.files.get(path)
    if (stored === undefined) {
      response.writeHead(404, { "x-error-code": "EntryNotFound" }).end()
      return
    }
    if (origin === "hub" && repository.large(path)) {
      const location = `${urlOf(this.#store)}${url.pathname}?signature=secret`
      const linked = { "x-linked-size": stored.length, "x-linked-etag": `"${sha256Of(stored)}"` }
      response.writeHead(302, { location, ...linked }).end()
      return
    }
    const whole = fault?.bytes ?? stored
    const own = `"${origin === "hub" ? gitOf(whole) : createHash("md5").update(whole).digest("hex")}"`
    const etag = fault?.headers?.etag ?? own
    const range = fault?.ignoreRange === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
    const isSame = request.headers["if-range"] === undefined || request.headers["if-range"] === etag
    const first = range === null || !isSame ? 0 : Number(range[1]) + (fault?.shift ?? 0)
    const last =
      range === null || !isSame || range[2] === "" ? whole.length - 1 : Math.min(whole.length - 1, Number(range[2]))
    const body = whole.subarray(first, last + 1)
    const isPart = range !== null && isSame
    response.writeHead(isPart ? 206 : 200, {
      etag,
      "content-length": fault?.claimBytes ?? body.length,
      ...(isPart ? { "content-range": `bytes ${first}-${last}/${whole.length}` } : {}),
      ...fault?.headers,
    })
    if (request.method === "HEAD") response.end()
    else if (fault?.stallAfter !== undefined) response.write(body.subarray(0, fault.stallAfter))
    else if (fault?.cutAfter !== undefined) response.write(body.subarray(0, fault.cutAfter), () => response.destroy())
    else response.end(body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.#hub, this.#store]) {
      one.closeAllConnections()
      await new Promise((resolve) => one.close(resolve))
    }
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}

/** What git calls a blob with these bytes. */
export function gitOf(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
