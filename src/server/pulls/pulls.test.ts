import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import { type Fault, HubServer } from "../../../test/support/hub-server.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { HUB_LIMITS } from "../../hub/hub.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import { CHUNK_BYTES, decodeChunkList, decodeTree } from "../../workspace/tree.ts"
import { KEEP_LOOSE_BLOBS_MS } from "../limits.ts"
import { tidy } from "../retention.ts"
import { type HubSettings, hubSettings } from "./hub-settings.ts"

const SMALL = randomBytes(200_000)
/** More than one chunk. */
const LARGE = Buffer.concat([randomBytes(1_000_000), Buffer.alloc(CHUNK_BYTES, 7), randomBytes(2_000_000)])

class Scene implements AsyncDisposable {
  readonly hub: HubServer
  readonly server: TestServer

  private constructor(hub: HubServer, server: TestServer) {
    this.hub = hub
    this.server = server
  }

  static async start(
    options: { readonly clock?: MovedClock; readonly hub?: Partial<HubSettings> } = {},
  ): Promise<Scene> {
    const hub = await HubServer.start()
    hub.add("lab/tiny-GGUF", { "tiny-Q8_0.gguf": SMALL, "tiny-Q4_K_M.gguf": SMALL.subarray(1), "pickled.bin": SMALL })
    hub.add("lab/large", { "large-Q4_K_M.gguf": LARGE })
    hub.add("lab/qwen", { "config.json": "{}", "tokenizer.json": '{"a":1}', "model.safetensors": SMALL, "run.py": "x" })
    const limits = { ...HUB_LIMITS, stallMs: 500, firstWaitMs: 1, lastWaitMs: 5, tries: 4 }
    const settings = { ...hubSettings({ url: hub.url, limits }), ...options.hub }
    const server = await TestServer.start({
      hub: settings,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    })
    return new Scene(hub, server)
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

const refused =
  (code: string, message: RegExp, hint = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof WindfallError && error.code === code, String(error))
    assert.match(error.message, message)
    assert.match(error.hint ?? "", hint)
    return true
  }

describe("a model of a hub", () => {
  it("becomes named data, and nothing else of its repository is fetched", async () => {
    await using scene = await Scene.start()
    const done = await scene.ended("lab/tiny-GGUF", { pick: "q8_0", shared: true })
    assert.deepEqual([done.state, done.name, done.version, done.doneBytes], ["done", "tiny-Q8_0", 1, SMALL.length])
    assert.deepEqual(await scene.files("tiny-Q8_0"), new Map([["tiny-Q8_0.gguf", SMALL]]))
    assert.equal((await scene.data("tiny-Q8_0")).shared, true)
    assert.equal(scene.hub.fetched.length, 1)
    const { name } = await scene.ended("lab/qwen")
    assert.deepEqual([...(await scene.files(name)).keys()], ["config.json", "model.safetensors", "tokenizer.json"])
    assert.ok(!scene.hub.asked.some(({ path }) => /\.py|\.bin/.test(path)))
  })

  it("is never fetched again where it lies, under whatever name", async () => {
    await using scene = await Scene.start()
    assert.equal((await scene.ended("lab/large")).fetchedBytes, LARGE.length)
    const before = scene.hub.fetched.length
    const again = await scene.ended("lab/large")
    assert.deepEqual([again.state, again.version, again.fetchedBytes], ["done", 1, 0])
    scene.hub.add("lab/copy", { "copy-Q4_K_M.gguf": LARGE })
    assert.equal((await scene.ended("lab/copy", { name: "mine" })).fetchedBytes, 0)
    assert.equal(scene.hub.fetched.length, before)
    assert.ok((await scene.files("mine")).get("copy-Q4_K_M.gguf")?.equals(LARGE))
  })

  it("is not fetched where a folder brought it, or somebody shares it; else it is, as nobody has what others have", async () => {
    await using scene = await Scene.start()
    const ada = await scene.server.userToken("ada")
    await scene.ended("lab/large", { shared: true })
    // As if a folder had brought it: nobody knows its sha256.
    scene.server.running.core.store.database.execute("DELETE FROM known_contents")
    assert.equal((await scene.ended("lab/large", { name: "again" })).fetchedBytes, 0)
    assert.equal((await scene.ended("lab/large", { name: "hers" }, ada)).fetchedBytes, 0)
    assert.ok((await scene.files("hers", "ada")).get("large-Q4_K_M.gguf")?.equals(LARGE))
    await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
    const own = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0", name: "her-own" }, ada)
    assert.equal(own.fetchedBytes, SMALL.length)
  })

  it("goes on where it was when the server ended, and when it was stopped", async () => {
    await using scene = await Scene.start()
    const { server, hub } = scene
    scene.breaks(() => ({ stallAfter: CHUNK_BYTES + 500_000 }))
    const limits = { ...HUB_LIMITS, stallMs: 60_000 }
    await server.stop()
    await using patient = await Scene.start({ hub: { url: new URL(hub.url), limits } })
    const { id } = await patient.pull("lab/large")
    const seen = await patient.until(id, ({ doneBytes }) => doneBytes >= CHUNK_BYTES + 400_000)
    assert.equal(seen.state, "pulling")
    await patient.server.stop()
    scene.breaks(() => null)
    const before = hub.fetched.length
    await patient.server.start()
    const done = await patient.until(id, ({ state }) => state !== "pulling")
    assert.deepEqual([done.state, done.version], ["done", 1])
    assert.ok(done.fetchedBytes < LARGE.length - CHUNK_BYTES - 300_000, `${done.fetchedBytes}`)
    assert.equal(hub.fetched.length, before + 1)
    assert.ok((await patient.files("large-Q4_K_M")).get("large-Q4_K_M.gguf")?.equals(LARGE))
    assert.deepEqual(readdirSync(patient.server.folder.at("data/pulls")), [])
  })

  it("comes right though a chunk of it was damaged meanwhile", async () => {
    await using scene = await Scene.start()
    const { core } = scene.server.running
    scene.breaks((times) => (times === 0 ? { cutAfter: CHUNK_BYTES + 100_000 } : { status: 404 }))
    const failed = await scene.ended("lab/large")
    assert.deepEqual([failed.state, core.store.pulls.chunksOf("admin").length], ["failed", 1])
    assert.match(failed.reason ?? "", /HTTP 404 \(tried 4 times\)/)
    const { blobs } = core.blobs.of("admin")
    const [chunk] = core.store.pulls.chunksOf("admin")
    writeFileSync(blobs.path(chunk!), Buffer.alloc(CHUNK_BYTES, 8))
    scene.breaks(() => null)
    assert.equal((await scene.ended("lab/large")).state, "done")
    assert.ok((await scene.files("large-Q4_K_M")).get("large-Q4_K_M.gguf")?.equals(LARGE))
  })

  it("is kept from tidying up on its way, and not for ever when nobody fetches it any more", async () => {
    const clock = new MovedClock()
    await using scene = await Scene.start({ clock, hub: { limits: { ...HUB_LIMITS, stallMs: 60_000 } } })
    const { core } = scene.server.running
    scene.breaks(() => ({ stallAfter: CHUNK_BYTES + 100_000 }))
    const { id } = await scene.pull("lab/large")
    await scene.until(id, ({ doneBytes }) => doneBytes > CHUNK_BYTES)
    const { blobs } = core.blobs.of("admin")
    const [chunk] = core.store.pulls.chunksOf("admin")
    clock.advance(KEEP_LOOSE_BLOBS_MS * 3)
    await tidy(core)
    assert.ok(blobs.has(chunk!))
    const stopped = await scene.server.call<PullView>("DELETE", `/v1/pulls/${id}`)
    assert.deepEqual([stopped.state, stopped.reason], ["cancelled", "admin stopped it"])
    await tidy(core)
    assert.ok(!blobs.has(chunk!))
    assert.deepEqual([core.store.pulls.chunksOf("admin"), readdirSync(scene.server.folder.at("data/pulls"))], [[], []])
  })
})

describe("a hub that lies", () => {
  it("about a hash makes no version, and is asked a bounded number of times", async () => {
    await using scene = await Scene.start()
    scene.hub.claims = () => ({ sha256: "0".repeat(64) })
    const failed = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
    assert.equal(failed.state, "failed")
    assert.match(failed.reason ?? "", /another sha256 than the hub says\. It was begun 3 times/)
    assert.equal(scene.hub.fetched.length, 3)
    await assert.rejects(scene.data("tiny-Q8_0"), refused("data_not_found", /tiny-Q8_0/))
  })

  it("about a length makes none either", async () => {
    await using scene = await Scene.start()
    for (const bytes of [SMALL.length + 10, SMALL.length - 10]) {
      scene.hub.claims = () => ({ bytes })
      const failed = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
      assert.match(failed.reason ?? "", /it has 200000 bytes, and the hub says/)
    }
    scene.hub.claims = () => ({})
    scene.breaks(() => ({ claimBytes: SMALL.length, bytes: SMALL.subarray(0, 1_000) }))
    assert.equal((await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })).state, "failed")
  })

  it("once, or changes the file between two ranges, does no harm: it is begun anew", async () => {
    await using scene = await Scene.start()
    const other = randomBytes(SMALL.length)
    const faults: readonly ((times: number) => Fault | null)[] = [
      (times) => (times === 0 ? { bytes: other } : null),
      (times) => (times === 0 ? { cutAfter: 70_000, bytes: other } : null),
      (times) => (times === 0 ? { cutAfter: 70_000 } : times === 1 ? { bytes: other, ignoreRange: true } : null),
    ]
    for (const [at, fault] of faults.entries()) {
      const file = randomBytes(SMALL.length)
      scene.hub.add(`lab/model-${at}`, { [`m-${at}.gguf`]: file })
      scene.breaks(fault)
      const { state, reason, name } = await scene.ended(`lab/model-${at}`)
      assert.equal(state, "done", reason ?? "")
      assert.deepEqual(await scene.files(name), new Map([[`m-${at}.gguf`, file]]))
    }
  })
})

describe("who fetches a model", () => {
  it("is refused at once what cannot come: what there is not, no room, a name of somebody else's, a hub of their own", async () => {
    await using scene = await Scene.start()
    const ada = await scene.server.userToken("ada")
    await assert.rejects(scene.pull("lab/none"), refused("file_not_found", /no such repository/))
    await assert.rejects(scene.pull("lab/tiny-GGUF"), refused("invalid_input", /2 models/, /Q4_K_M.*Q8_0/))
    await assert.rejects(
      scene.pull("lab/tiny-GGUF", { pick: "Q8" }),
      refused("file_not_found", /"Q8"/, /Did you mean Q8_0/),
    )
    await assert.rejects(scene.pull("../etc"), refused("invalid_input", /OWNER\/NAME/))
    scene.hub.claims = () => ({ bytes: 1e15 })
    await assert.rejects(
      scene.pull("lab/large"),
      refused("disk_full", /it needs .* more on the server's disk/, /data rm/),
    )
    scene.hub.claims = () => ({})
    await scene.ended("lab/qwen")
    await assert.rejects(scene.pull("lab/qwen", {}, ada), refused("name_taken", /admin has data of that name/))
    const elsewhere = { hub: "http://127.0.0.1:64999" }
    await assert.rejects(
      scene.pull("lab/qwen", elsewhere, ada),
      refused("not_allowed", /this server fetches from/, /--hub URL/),
    )
    await assert.rejects(
      scene.pull("lab/qwen", { ...elsewhere, name: "x" }),
      refused("hub_unreachable", /ECONNREFUSED/),
    )
  })

  it("sees their own, and asks with their own secret, which is told nobody", async () => {
    await using scene = await Scene.start()
    scene.hub.token = "hf_of_ada"
    const ada = await scene.server.userToken("ada")
    await assert.rejects(scene.pull("lab/qwen", {}, ada), refused("not_allowed", /HTTP 401/, /secret set HF_TOKEN/))
    await assert.rejects(scene.pull("lab/qwen", { secret: "MINE" }, ada), refused("secret_not_found", /no secret MINE/))
    await scene.server.call("PUT", "/v1/secrets/HF_TOKEN", { value: "hf_of_ada" }, { token: ada })
    const pull = await scene.ended("lab/qwen", {}, ada).catch(async () => {
      const { pulls } = await scene.server.call<{ pulls: PullView[] }>("GET", "/v1/pulls")
      return scene.until(pulls[0]!.id, ({ state }) => state !== "pulling")
    })
    assert.equal(pull.state, "done")
    assert.ok(scene.hub.asked.every(({ origin, token }) => token === (origin === "hub" ? token : null)))
    const bob = await scene.server.userToken("bob")
    await assert.rejects(
      scene.server.call("GET", `/v1/pulls/${pull.id}`, undefined, { token: bob }),
      refused("pull_not_found", /./),
    )
    assert.deepEqual(await scene.server.call("GET", "/v1/pulls", undefined, { token: bob }), { pulls: [] })
    const events = JSON.stringify(await scene.server.call("GET", "/v1/events"))
    const stored = readFileSync(scene.server.folder.at("data/windfall.db"))
    for (const told of [events, JSON.stringify(pull), stored.toString("latin1"), scene.server.troubles.join()])
      assert.doesNotMatch(told, /hf_of_ada|signature/)
  })

  it("gets the lab's token for the lab's hub alone", async () => {
    await using scene = await Scene.start()
    scene.server.folder.write({ token: "hf_of_the_lab\n" })
    scene.hub.token = "hf_of_the_lab"
    await using lab = await Scene.start({
      hub: { url: new URL(scene.hub.url), tokenFile: scene.server.folder.at("token") },
    })
    assert.equal((await lab.ended("lab/qwen")).state, "done")
    await lab.ended("lab/qwen", { hub: lab.hub.url, name: "other" })
    assert.ok(lab.hub.asked.length > 0 && lab.hub.asked.every(({ token }) => token === null))
  })

  it("may ask twice, stop it, and be removed: nothing goes on then", async () => {
    await using scene = await Scene.start({ hub: { limits: { ...HUB_LIMITS, stallMs: 60_000 } } })
    scene.breaks(() => ({ stallAfter: 1_000_000 }))
    const ada = await scene.server.userToken("ada")
    const first = await scene.pull("lab/large", {}, ada)
    assert.equal((await scene.pull("lab/large", {}, ada)).id, first.id)
    const other = scene.pull("lab/qwen", { name: first.name }, ada)
    await assert.rejects(other, refused("wrong_state", /lab\/large comes under that name/))
    await scene.server.call("DELETE", "/v1/users/ada")
    await scene.server.running.core.ledger.change(() => {})
    const { pulls } = await scene.server.call<{ pulls: PullView[] }>("GET", "/v1/pulls")
    assert.deepEqual(pulls, [])
    await scene.server.stop()
    assert.deepEqual(scene.server.troubles, [])
  })
})
