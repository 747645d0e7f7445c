import assert from "node:assert/strict"
import { cpSync, existsSync, renameSync, rmSync } from "node:fs"
import { test } from "node:test"
import { TestServer } from "../../test/support/test-server.ts"
import type { DoctorReport } from "../protocol/api.ts"

const gone = { code: "data_folder_gone" }

test("a server whose data folder is removed refuses every change, says so once, and puts nothing in its place", async () => {
  await using server = await TestServer.start()
  await server.submit()
  rmSync(server.folder.at("data"), { recursive: true })
  await assert.rejects(server.submit(), gone)
  await assert.rejects(server.userToken("mia"), gone)
  await assert.rejects(server.call("POST", "/v1/blobs", new Uint8Array(10)), gone)
  const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
  const [finding] = findings.filter(({ subject }) => subject === "server")
  assert.equal(finding?.level, "problem")
  assert.match(finding?.text ?? "", /was removed or replaced/)
  assert.equal(server.troubles.length, 1)
  assert.equal(existsSync(server.folder.at("data")), false)
})

test("another database in its place is noticed; the server's own brought back, all goes on", async () => {
  await using server = await TestServer.start()
  const first = await server.submit()
  const data = server.folder.at("data")
  renameSync(data, server.folder.at("away"))
  cpSync(server.folder.at("away"), data, { recursive: true })
  await assert.rejects(server.submit(), gone)
  rmSync(data, { recursive: true })
  renameSync(server.folder.at("away"), data)
  assert.equal((await server.submit()).id, first.id + 1)
})
