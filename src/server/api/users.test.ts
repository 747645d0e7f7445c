import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallError } from "../../protocol/errors.ts"

test("the last administrator cannot be removed; a user is removed with all tokens", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  await assert.rejects(server.call("DELETE", "/v1/users/admin"), { code: "wrong_state" })
  await server.call("DELETE", "/v1/users/ada")
  await assert.rejects(server.call("GET", "/v1/me", undefined, { token }), { code: "not_logged_in" })
  await server.userToken("ada") // Who left nothing leaves the name, too.
})

test("nobody gets the name of a user who was removed, nor their jobs, logs and files", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const ada = { token: await server.userToken("ada") }
  const { id } = await server.submit({}, ada)
  const second = await server.submit({ host: "alpha" }, ada)
  await assert.rejects(server.call("DELETE", "/v1/users/ada"), (error: WindfallError) => {
    assert.equal(error.code, "wrong_state")
    assert.deepEqual(error.details?.jobs, [id, second.id])
    return true
  })
  assert.equal(
    (await server.call<{ user: string }>("GET", "/v1/me", undefined, ada)).user,
    "ada",
    "nothing was changed",
  )
  for (const job of [id, second.id]) {
    await server.call("POST", `/v1/jobs/${job}/stop`, { now: true })
    await server.untilEnded(job)
  }
  await server.call("DELETE", "/v1/users/ada")
  const again = () => server.call("POST", "/v1/users", { name: "ada", role: "user" })
  await assert.rejects(again(), { code: "name_taken" })
  await server.stop()
  await server.start()
  await assert.rejects(again(), { code: "name_taken" })
  assert.equal((await server.job(id)).user, "ada")
})
