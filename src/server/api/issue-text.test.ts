import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer, taskSpec } from "../../../test/support/test-server.ts"
import { WindfallError } from "../../protocol/errors.ts"

test("what a body says wrongly is answered with what to write", async () => {
  await using server = await TestServer.start()
  const hint = async (path: string, body: unknown) => {
    const response = await server.request("POST", path, body)
    assert.equal(response.status, 400)
    return WindfallError.fromBody(await response.json()).hint ?? ""
  }
  const send = (change: object) => hint("/v1/jobs", { spec: { ...taskSpec(), ...change } })
  assert.equal(await send({ timeLimtMs: 5 }), 'Did you mean "timeLimitMs"?')
  assert.match(await send({ surprise: 1 }), /^There are: kind, name, command, /)
  assert.equal(await send({ retry: { limits: 1 } }), 'Did you mean "limit"?')
  assert.match(await send({ command: ["a\0b"] }), /openapi\.json/)
  assert.match(await hint("/v1/jobs", new TextEncoder().encode("{")), /openapi\.json/)
})
