import assert from "node:assert/strict"
import { test } from "node:test"
import { readServerEvents } from "../../../test/support/server-events.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import { readTerminalRequest } from "../terminals/terminal-target.ts"
import { ROUTES } from "./app.ts"

test("no route takes a query parameter it does not know", async () => {
  await using server = await TestServer.start()
  const paths = [...ROUTES.map(({ method, path }) => [method, path] as const), ["GET", "/v1/openapi.json"] as const]
  for (const [method, path] of paths) {
    const response = await server.request(method, `${path.replaceAll(/:[a-z]+/g, "1")}?colour=red`)
    const error = WindfallError.fromBody(await response.json())
    assert.equal(response.status, 400, `${method} ${path}`)
    assert.equal(error.code, "invalid_input")
    assert.match(error.message, /no parameter "colour"/)
  }
})

test("a parameter that is nearly right is answered with the right one, another with all there are", async () => {
  await using server = await TestServer.start()
  const hint = async (query: string) => {
    const response = await server.request("GET", `/v1/jobs?${query}`)
    assert.equal(response.status, 400, query)
    return WindfallError.fromBody(await response.json()).hint ?? ""
  }
  assert.match(await hint("stat=queued"), /Did you mean "state"\?/)
  assert.match(await hint("limt=3"), /Did you mean "limit"\?/)
  assert.match(await hint("colour=red"), /There are: user, state, name, before, array, limit/)
  const twice = await server.request("GET", "/v1/jobs?limit=1&limit=2")
  assert.equal(twice.status, 400)
  assert.match(WindfallError.fromBody(await twice.json()).message, /"limit" is given more than once/)
  const { jobs } = await server.call<{ jobs: unknown[] }>("GET", "/v1/jobs?limit=1&user=all")
  assert.deepEqual(jobs, [])
})

test("parameters that have no meaning, alone or together, are refused", async () => {
  await using server = await TestServer.start()
  for (const query of [
    "jobs/1/logs?attempt=0",
    "jobs/1/logs?from=3",
    "jobs/1/logs?stream=stdout&fromStderr=3",
    "jobs/1/logs?tailOf=stdout",
    "jobs/1/logs?stream=stdout&tail=3&tailOf=stdout",
    "events?follow=true&limit=3",
  ]) {
    await assert.rejects(server.call("GET", `/v1/${query}`), { code: "invalid_input" }, query)
  }
})

test("the events of one job are told, also as they come and after a number", async () => {
  await using server = await TestServer.start()
  const [first, second] = [await server.submit(), await server.submit()]
  const told = async (query: string) =>
    (await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events?${query}`)).events
  const [submitted] = await told(`job=${first.id}`)
  assert.equal(submitted?.type, "job_submitted")
  assert.deepEqual(await told(`job=${first.id}&after=${submitted?.sequence}`), [])
  const response = await server.request("GET", `/v1/events?follow=true&job=${second.id}`)
  for await (const data of readServerEvents(response)) {
    assert.deepEqual(data, (await told(`job=${second.id}`))[0])
    break
  }
})

test("a terminal's URL is read as strictly", () => {
  const id = "abcdefghijklmnop"
  assert.equal(readTerminalRequest(`/v1/jobs/5/shell?id=${id}&again=true`)?.again, true)
  for (const url of [`shell?id=${id}&agian=true`, `shell?id=${id}&again=yes`, `terminal?id=${id}`]) {
    assert.throws(() => readTerminalRequest(`/v1/jobs/5/${url}`), { code: "invalid_input" }, url)
  }
})
