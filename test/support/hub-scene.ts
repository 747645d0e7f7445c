import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { HUB_LIMITS, type HubLimits } from "../../src/hub/hub.ts"
import type { StoredDataView } from "../../src/protocol/data-api.ts"
import { WindfallError } from "../../src/protocol/errors.ts"
import type { BlobHash } from "../../src/protocol/ids.ts"
import type { PullView } from "../../src/protocol/pull-api.ts"
import type { ServerLimits } from "../../src/server/limits.ts"
import { type HubSettings, hubSettings } from "../../src/server/pulls/hub-settings.ts"
import { CHUNK_BYTES, decodeChunkList, decodeTree } from "../../src/workspace/tree.ts"
import { asGguf, asSafetensors } from "./hub-models.ts"
import { type Fault, HubServer } from "./hub-server.ts"
import type { MovedClock } from "./moved-clock.ts"
import { TestServer } from "./test-server.ts"

export const SMALL = asGguf(randomBytes(200_000))
/** More than one chunk. */
export const LARGE = asGguf(
  Buffer.concat([randomBytes(1_000_000), Buffer.alloc(CHUNK_BYTES, 7), randomBytes(2_000_000)]),
)
const OTHER = asGguf(randomBytes(199_999))

/** Also large files come by one connection. */
export const ONE_CONNECTION = { ...HUB_LIMITS.ranges, atOnce: 1 }

/** A server and a hub with three models. */
export class HubScene implements AsyncDisposable {
  readonly hub: HubServer
  readonly server: TestServer

  private constructor(hub: HubServer, server: TestServer) {
    this.hub = hub
    this.server = server
  }

  static async start(
    options: {
      readonly clock?: MovedClock
      readonly hub?: Partial<HubSettings>
      readonly limits?: Partial<HubLimits>
      readonly server?: Partial<ServerLimits>
    } = {},
  ): Promise<HubScene> {
    const hub = await HubServer.start()
    hub.add("lab/tiny-GGUF", { "tiny-Q8_0.gguf": SMALL, "tiny-Q4_K_M.gguf": OTHER, "pickled.bin": SMALL })
    hub.add("lab/large", { "large-Q4_K_M.gguf": LARGE })
    hub.add("lab/qwen", { ...asSafetensors(SMALL), "tokenizer.json": '{"a":1}', "run.py": "x" })
    const limits = {
      // Whose hub stalls says how soon that counts: on a busy machine others are slow, too.
      ...HUB_LIMITS,
      firstWaitMs: 1,
      lastWaitMs: 5,
      tries: 4,
      ranges: ONE_CONNECTION,
      ...options.limits,
    }
    const settings = { ...hubSettings({ url: hub.url, limits }), ...options.hub }
    const server = await TestServer.start({
      hub: settings,
      ...(options.server === undefined ? {} : { limits: options.server }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    })
    return new HubScene(hub, server)
  }

  /** Where bytes lie goes wrong like this. */
  breaks(fault: (times: number) => Fault | null): void {
    this.hub.fault = ({ origin, method }, times) => (origin === "store" && method === "GET" ? fault(times) : null)
  }

  pull(repository: string, change: object = {}, token = this.server.adminToken): Promise<PullView> {
    return this.server.call("POST", "/v1/pulls", { repository, ...change }, { token })
  }

  async until(id: string, condition: (pull: PullView) => boolean): Promise<PullView> {
    const gone = new AbortController()
    const response = await this.server.request("GET", `/v1/pulls/${id}/events`, undefined, { signal: gone.signal })
    let text = ""
    let last: PullView | undefined
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 2)
        if (data !== undefined) last = JSON.parse(data) as PullView
        if (last === undefined || !condition(last)) continue
        gone.abort()
        return last
      }
    }
    throw new Error(`It never came to that: ${JSON.stringify(last)}`)
  }

  async ended(repository: string, change: object = {}, token?: string): Promise<PullView> {
    return this.until((await this.pull(repository, change, token)).id, ({ state }) => state !== "pulling")
  }

  data(name: string): Promise<StoredDataView> {
    return this.server.call("GET", `/v1/data/${name}`)
  }

  /** The files of the latest version, whole. */
  async files(name: string, user = "admin"): Promise<ReadonlyMap<string, Buffer>> {
    const { versions } = await this.data(name)
    const { blobs } = this.server.running.core.blobs.of(user)
    const read = (hash: BlobHash) => readFileSync(blobs.path(hash))
    return new Map(
      decodeTree(read(versions.at(-1)!.root)).map((entry) => {
        assert.ok(entry.kind === "file")
        const chunks = entry.chunked ? decodeChunkList(read(entry.hash), entry.bytes) : [entry.hash]
        return [entry.name, Buffer.concat(chunks.map(read))]
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await this.hub[Symbol.asyncDispose]()
  }
}

/** What a refusal is to be. */
export const refused =
  (code: string, message: RegExp, hint = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof WindfallError && error.code === code, String(error))
    assert.match(error.message, message)
    assert.match(error.hint ?? "", hint)
    return true
  }
