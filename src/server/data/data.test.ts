import assert from "node:assert/strict"
import { utimesSync } from "node:fs"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { packed, type SmallTree, treeOf } from "../../../test/support/small-trees.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import type { JobData } from "../../protocol/job-data.ts"
import { KEEP_LOOSE_BLOBS_MS } from "../limits.ts"
import { tidy } from "../retention.ts"

function asks(name: string, path = `data/${name}`): JobData {
  return { name, path, version: null, root: null, bytes: 0 }
}

async function refused(asked: Promise<unknown>, code: string, message = /^Cannot /): Promise<void> {
  await assert.rejects(asked, (error: { code: string; message: string }) => {
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

async function add(
  server: TestServer,
  name: string,
  tree: SmallTree,
  token = server.adminToken,
): Promise<StoredDataView> {
  await server.call("POST", "/v1/blobs", await packed(tree), { token })
  return server.call("PUT", `/v1/data/${name}/version`, { root: tree.root }, { token })
}

test("data is kept as long as it is named, whatever becomes of files of jobs; then it goes", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock, limits: { keepFilesMs: 1 } })
  const first = treeOf({ a: "one" })
  const second = treeOf({ a: "two", b: "more" })
  await add(server, "letters", first)
  assert.equal((await add(server, "letters", second)).versions.length, 2)
  const { core } = server.running
  const { blobs } = core.blobs.of("admin")
  const age = () => {
    for (const hash of [...first.blobs.keys(), ...second.blobs.keys()]) {
      if (blobs.has(hash)) utimesSync(blobs.path(hash), 0, (core.clock.now() - KEEP_LOOSE_BLOBS_MS) / 1000 - 10)
    }
  }
  age()
  await tidy(core)
  assert.deepEqual(blobs.missing([...first.blobs.keys(), ...second.blobs.keys()]), [])
  await server.call("DELETE", "/v1/data/letters")
  age()
  await tidy(core)
  assert.equal(blobs.missing(second.blobs.keys()).length, second.blobs.size)
})

test("what is not whole on the server, or somebody else's, becomes no version", async () => {
  await using server = await TestServer.start()
  const tree = treeOf({ a: "one" })
  const put = (name: string, token = server.adminToken) =>
    server.call("PUT", `/v1/data/${name}/version`, { root: tree.root }, { token })
  await refused(put("letters"), "blobs_missing")
  await add(server, "letters", tree)
  // A hash proves nothing: who has not brought the blobs has not got them.
  const ada = await server.userToken("ada")
  await refused(put("hers", ada), "blobs_missing")
  await add(server, "hers", tree, ada)
  await refused(put("hers"), "not_allowed")
  await refused(put("letters", ada), "name_taken")
  await refused(server.call("DELETE", "/v1/users/ada"), "wrong_state", /data of theirs is still here/)
  await refused(server.call("GET", "/v1/data/letters", undefined, { token: ada }), "data_not_found")
  await refused(server.call("DELETE", "/v1/data/letters", undefined, { token: ada }), "data_not_found")
})

test("a place that cannot be used is marked, and jobs go where one can", async () => {
  await using server = await TestServer.start()
  const hosts = await Promise.all(["alpha", "beta"].map((name) => server.hosts.join(name)))
  const place = (host: string, path = "/corpus") =>
    server.call<StoredDataView>("PUT", "/v1/data/corpus/place", { host, path })
  await refused(place("alpha", "/nothing"), "file_not_found", /there is no such folder/)
  await refused(place("alpha", "corpus"), "invalid_input")
  await place("alpha")
  await place("beta")
  hosts[0]!.script = (host, attempt) => {
    const { attempt: id, sequence } = attempt.order
    host.tell({ type: "refused", attempt: id, sequence, cause: "data_failed", message: "gone", data: "corpus" })
  }
  hosts[1]!.script = runsOn
  const failed = await server.untilEnded((await server.submit({ data: [asks("corpus")] })).id)
  assert.deepEqual([failed.cause, failed.reason, failed.attempts[0]?.hostName], ["data_failed", "gone", "alpha"])
  const { places } = await server.call<StoredDataView>("GET", "/v1/data/corpus")
  assert.deepEqual(places.map(({ hostName, problem }) => [hostName, problem]).sort(), [
    ["alpha", "gone"],
    ["beta", null],
  ])
  const next = await server.submit({ data: [asks("corpus")] })
  assert.equal((await server.untilState(next.id, "running")).attempts[0]?.hostName, "beta")
  assert.equal((await place("alpha")).places.find(({ hostName }) => hostName === "alpha")?.problem, null)
  await refused(add(server, "corpus", treeOf({ a: "1" })), "wrong_state", /said to lie on hosts/)
})

test("a place that a job could use again is marked no longer", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  await server.call("PUT", "/v1/data/corpus/place", { host: "alpha", path: "/corpus" })
  host.script = (there, { order: { attempt, sequence } }) =>
    there.tell({ type: "refused", attempt, sequence, cause: "data_failed", message: "gone", data: "corpus" })
  await server.untilEnded((await server.submit({ data: [asks("corpus")] })).id)
  const problem = async () =>
    (await server.call<StoredDataView>("GET", "/v1/data/corpus")).places.map((place) => place.problem)
  assert.deepEqual(await problem(), ["gone"])
  host.script = runsOn
  await server.untilState((await server.submit({ data: [asks("corpus")] })).id, "running")
  assert.deepEqual(await problem(), [null])
})

test("with its last host gone, data that lay there can be asked for no more", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  await server.call("PUT", "/v1/data/corpus/place", { host: "alpha", path: "/corpus" })
  host.cut("it is to go")
  await server.call("DELETE", "/v1/hosts/alpha")
  await refused(server.submit({ data: [asks("corpus")] }), "wrong_state", /no host has it any more/)
})

test("a job of an older server, without a word of data, is read as one that has none", async () => {
  await using server = await TestServer.start()
  const { id } = await server.submit()
  const { database } = server.running.core.store
  database.execute("UPDATE jobs SET spec_json = json_remove(spec_json, '$.data')")
  await server.stop()
  await server.start()
  assert.deepEqual((await server.job(id)).spec.data, [])
})

test("what two data sets would have in one another, and what leaves the folder, is refused by the API too", async () => {
  await using server = await TestServer.start()
  await add(server, "letters", treeOf({ a: "1" }))
  for (const paths of [["a", "a/b"], ["../a"], ["/a"], ["a/./b"], [""]]) {
    await refused(server.submit({ data: paths.map((path) => asks("letters", path)) }), "invalid_input")
  }
})
