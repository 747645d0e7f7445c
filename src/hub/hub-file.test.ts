import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { describe, it } from "node:test"
import { type Fault, HubServer } from "../../test/support/hub-server.ts"
import { systemClock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import { HUB_LIMITS, type Hub, readHubUrl } from "./hub.ts"
import { FileChanged, HubFile } from "./hub-file.ts"
import { fillIn, listRepository } from "./list-repository.ts"

const { signal } = new AbortController()
const CONTENT = randomBytes(300_000)
const REPOSITORY = { name: "lab/tiny", revision: "main" }

function hubAt(url: string, change: Partial<Hub> = {}): Hub {
  const limits = { ...HUB_LIMITS, stallMs: 150, firstWaitMs: 1, lastWaitMs: 5, tries: 4 }
  return { base: readHubUrl(url), token: null, clock: systemClock(), random: () => 0.5, limits, ...change }
}

async function fetched(server: HubServer, change: Partial<Hub> = {}, from = 0, end = CONTENT.length): Promise<Buffer> {
  const { commit } = server.repositories.get("lab/tiny")!
  const place = { repository: "lab/tiny", commit, path: "model.gguf", bytes: CONTENT.length }
  const pieces: Uint8Array[] = []
  for await (const piece of new HubFile(hubAt(server.url, change), place).pieces(from, end, signal)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function started(fault: (times: number) => Fault | null = () => null): Promise<HubServer> {
  const server = await HubServer.start()
  server.add("lab/tiny", { "model.gguf": CONTENT, "config.json": "{}" })
  server.fault = ({ origin, method }, times) => (origin === "store" && method === "GET" ? fault(times) : null)
  return server
}

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WindfallError && error.code === code, String(error))
  assert.match(error.message, message)
  assert.doesNotMatch(JSON.stringify(error.toBody()), /signature|secret=|hf_/)
  return true
}

describe("a file of a hub", () => {
  const passing: Readonly<Record<string, (times: number) => Fault | null>> = {
    "a hub that does as it should": () => null,
    "one that stalls": (times) => (times < 2 ? { stallAfter: 100_000 } : null),
    "one that cuts the connection": (times) => (times < 3 ? { cutAfter: 60_000 } : null),
    "one that is too busy": (times) => (times < 2 ? { status: 429, headers: { "retry-after": "0" } } : null),
    "one that is away for a while": (times) => (times < 2 ? { status: 503 } : null),
    "one that sends other bytes than asked for": (times) =>
      times === 0 ? { cutAfter: 50_000 } : times === 1 ? { shift: 10 } : null,
    "one that knows no ranges": (times) => (times === 0 ? { cutAfter: 50_000 } : { ignoreRange: true }),
    "a signature that has run out": (times) =>
      times === 0 ? { cutAfter: 50_000 } : times === 1 ? { status: 403 } : null,
  }
  for (const [what, fault] of Object.entries(passing))
    it(`comes whole and in order from ${what}`, async () => {
      await using server = await started(fault)
      assert.ok((await fetched(server)).equals(CONTENT))
      assert.ok((await fetched(server, {}, 1_000, 200_000)).equals(CONTENT.subarray(1_000, 200_000)))
    })

  it("is refused where the hub leads to an address with a password, which nobody is told", async () => {
    const location = "http://user:secret=5@127.0.0.1:1/x"
    await using server = await started(() => ({ status: 302, headers: { location } }))
    const reason = /the hub leads to an address with a name or password in it$/
    await assert.rejects(fetched(server), refused("hub_unreachable", reason))
  })

  it("is gone on with from where it broke, with nothing fetched twice", async () => {
    await using server = await started((times) => (times === 0 ? { cutAfter: 100_000 } : null))
    assert.ok((await fetched(server)).equals(CONTENT))
    const [first, second] = server.fetched
    assert.equal(first?.range, null)
    assert.match(second?.range ?? "", /^bytes=[1-9]\d*-299999$/)
    assert.equal(server.fetched.length, 2)
  })

  it("is told to have changed when it does between two ranges", async () => {
    const other = randomBytes(CONTENT.length)
    await using server = await started((times) => (times === 0 ? { cutAfter: 100_000 } : { bytes: other }))
    await assert.rejects(fetched(server), FileChanged)
  })

  it("is told to be another when its length is", async () => {
    await using server = await started(() => ({ bytes: CONTENT.subarray(0, 200_000) }))
    await assert.rejects(fetched(server), FileChanged)
    await assert.rejects(fetched(server, {}, 1_000, 100_000), FileChanged)
  })

  it("is given up after tries without getting on, and when the hub wants to be left alone for long", async () => {
    await using server = await started(() => ({ status: 503 }))
    await assert.rejects(fetched(server), refused("hub_unreachable", /HTTP 503 \(tried 4 times\)/))
    assert.equal(server.fetched.length, 4)
    server.fault = () => ({ status: 429, headers: { "retry-after": "86400" } })
    await assert.rejects(fetched(server), refused("hub_unreachable", /wants to be asked in 1440 min/))
    await assert.rejects(
      fetched(server, { base: readHubUrl("http://127.0.0.1:64999") }),
      refused("hub_unreachable", /tried 4/),
    )
  })

  it("waits as long as the hub says", async () => {
    const waits: [string, number][] = []
    await using server = await started((times) =>
      times === 0 ? { status: 429, headers: { "retry-after": "1" } } : null,
    )
    await fetched(server, { onWait: (reason, waitMs) => waits.push([reason, waitMs]) })
    assert.deepEqual(waits, [["the hub answers with HTTP 429", 1_000]])
  })

  it("ends at once when it is not wanted any more", async () => {
    await using server = await started(() => ({ stallAfter: 10_000 }))
    const gone = new AbortController()
    const { commit } = server.repositories.get("lab/tiny")!
    const place = { repository: "lab/tiny", commit, path: "model.gguf", bytes: CONTENT.length }
    const limits = { ...HUB_LIMITS, stallMs: 60_000 }
    const reading = async () => {
      for await (const _ of new HubFile(hubAt(server.url, { limits }), place).pieces(0, 100_000, gone.signal))
        gone.abort(new Error("nobody wants it"))
    }
    await assert.rejects(reading(), /nobody wants it/)
  })
})

describe("a token", () => {
  it("goes to the hub, and not to where it leads", async () => {
    await using server = await started()
    server.token = "hf_secret"
    assert.ok((await fetched(server, { token: "hf_secret" })).equals(CONTENT))
    assert.deepEqual(
      server.asked.map(({ origin, token }) => [origin, token]),
      [
        ["hub", "hf_secret"],
        ["store", null],
      ],
    )
    await assert.rejects(fetched(server, { token: "hf_wrong" }), refused("not_allowed", /does not let us \(HTTP 401\)/))
  })

  it("must not stand in an address, which is not repeated then", () => {
    for (const typed of [
      "https://me:hf_x@hub.example",
      "https://hub.example/?token=hf_x",
      "hub.example",
      "file:///hf_x",
    ])
      assert.throws(() => readHubUrl(typed), refused("invalid_input", /Cannot use the address/))
  })
})

describe("a listing", () => {
  for (const listing of ["blobs", "tree", "names"] as const)
    it(`has sizes and hashes of what is chosen where the hub says them in ${listing}`, async () => {
      await using server = await started()
      server.listing = listing
      const hub = hubAt(server.url)
      const found = await listRepository(hub, REPOSITORY, signal)
      assert.equal(found.commit, server.repositories.get("lab/tiny")!.commit)
      const files = await fillIn(hub, found, found.files, signal)
      assert.deepEqual(
        files.map(({ path, bytes, hash }) => [path, bytes, hash.kind]),
        [
          ["model.gguf", CONTENT.length, "sha256"],
          ["config.json", 2, "git"],
        ],
      )
      assert.deepEqual(server.fetched, [])
    })

  it("says what there is not", async () => {
    await using server = await started()
    const list = (name: string, revision = "main") => listRepository(hubAt(server.url), { name, revision }, signal)
    await assert.rejects(list("lab/other"), refused("file_not_found", /no such repository/))
    await assert.rejects(list("lab/tiny", "v2"), refused("file_not_found", /no such revision/))
  })
})
