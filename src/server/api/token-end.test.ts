import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { TokenView } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"

type Made = TokenView & { readonly token: string }

/** Every stream there is to be read with this token, of a job that waits for a host. */
async function openStreams(server: TestServer, job: JobId, token: string): Promise<[string, Response][]> {
  const paths = [
    `/v1/jobs/${job}/logs?follow=true`,
    `/v1/jobs/${job}/logs?follow=true&stream=stdout`,
    `/v1/jobs/${job}/events`,
    "/v1/events?follow=true",
  ]
  const open = async (path: string): Promise<[string, Response]> => {
    const response = await server.request("GET", path, undefined, { token })
    assert.equal(response.status, 200, path)
    return [path, response]
  }
  return Promise.all(paths.map(open))
}

/** That each breaks off, rather than ends as if that were all. */
async function assertBroken(streams: readonly [string, Response][]): Promise<void> {
  for (const [path, response] of streams) await assert.rejects(response.text(), { message: "terminated" }, path)
}

test("a revoked token's streams break off, and no other's", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  const other = await server.call<Made>("POST", "/v1/tokens", { user: "ada" })
  const { id } = await server.submit({}, { token })
  const streams = await openStreams(server, id, token)
  const kept = await openStreams(server, id, other.token)
  const { tokens } = await server.call<{ tokens: TokenView[] }>("GET", "/v1/tokens")
  const revoked = tokens.find((each) => each.user === "ada" && each.id !== other.id)
  await server.call("DELETE", `/v1/tokens/${revoked?.id}`)
  await assertBroken(streams)
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
  for (const [path, response] of kept.slice(0, 3)) assert.ok((await response.text()) !== undefined, path)
  await kept[3]?.[1].body?.cancel()
})

test("a removed user's streams break off", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  const { id } = await server.submit()
  const streams: [string, Response][] = []
  for (const path of [`/v1/jobs/${id}/events`, "/v1/events?follow=true"]) {
    streams.push([path, await server.request("GET", path, undefined, { token })])
  }
  await server.call("DELETE", "/v1/users/ada")
  await assertBroken(streams)
})

test("an expired token's streams break off when its time has come", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock })
  await server.userToken("ada")
  const { token } = await server.call<Made>("POST", "/v1/tokens", { user: "ada", expiresInMs: 10_000 })
  const { id } = await server.submit({}, { token })
  const streams = await openStreams(server, id, token)
  clock.advance(10_000)
  await assertBroken(streams)
})
