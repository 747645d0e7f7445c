import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer, taskSpec } from "../../../test/support/test-server.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobView } from "../../protocol/job.ts"
import { toJobSpec } from "../../protocol/job-values.ts"
import { ROUTES } from "./app.ts"

test("the OpenAPI document describes every route", async () => {
  await using server = await TestServer.start()
  const response = await fetch(`${server.running.url}/v1/openapi.json`)
  const document = (await response.json()) as { openapi: string; paths: Record<string, Record<string, unknown>> }
  assert.equal(document.openapi, "3.1.0")
  for (const { method, path } of ROUTES) {
    assert.ok(document.paths[path.replaceAll(/:([a-z]+)/g, "{$1}")]?.[method.toLowerCase()], `${method} ${path}`)
  }
})

test("the OpenAPI document describes the terminals, with what must and may be said", async () => {
  await using server = await TestServer.start()
  const { paths } = await server.call<{ paths: Record<string, { get: Described }> }>("GET", "/v1/openapi.json")
  const said = (path: string) => paths[path]?.get.parameters.map(({ name, required }) => [name, required])
  assert.deepEqual(said("/v1/jobs/{id}/terminal"), [
    ["id", true],
    ["Upgrade", true],
  ])
  assert.deepEqual(said("/v1/jobs/{id}/shell"), [
    ["id", true],
    ["id", true],
    ["again", false],
    ["Upgrade", true],
  ])
  assert.ok(paths["/v1/jobs/{id}/shell"]?.get.responses[101])
})

interface Described {
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[]
  readonly responses: Readonly<Record<string, unknown>>
}

test("a job needs only its command; all else is as send has it when nothing is said", async () => {
  await using server = await TestServer.start()
  const facts = { environment: {}, workspace: null, workingFolder: "", stdin: null, terminal: null, git: null }
  const task = { ...facts, kind: "task", command: ["true"] } as const
  const session = { ...facts, kind: "session", command: [] } as const
  const { id, spec } = await server.call<JobView>("POST", "/v1/jobs", { spec: { command: ["true"] } })
  assert.deepEqual(spec, toJobSpec({}, task))
  const some = { command: ["true"], resources: { cores: 2 }, retry: { limit: 1 } }
  const specs = [some, { kind: "session", command: [] }]
  await server.call("POST", "/v1/jobs/batch", { specs })
  assert.deepEqual((await server.job((id + 1) as JobId)).spec, toJobSpec({ cores: 2, retry: 1 }, task))
  assert.deepEqual((await server.job((id + 2) as JobId)).spec, toJobSpec({}, session))
  const document = JSON.stringify(await server.call("GET", "/v1/openapi.json"))
  assert.ok(document.includes('"required":["command"]'), "and the document says so")
})

test("what is wrong with a request is said in words, with bounds in people's units", async () => {
  await using server = await TestServer.start()
  const good = taskSpec()
  const refused: [unknown, RegExp][] = [
    [{ ...good, graceMs: 9e9 }, /: "spec.graceMs" must be 86400000 \(1d\) at most$/],
    [{ ...good, timeLimitMs: 0 }, /: "spec.timeLimitMs" must be 1 \(1ms\) or more$/],
    [{ ...good, resources: { memoryBytes: 0 } }, /: "spec.resources.memoryBytes" must be 1 \(1 B\) or more$/],
    [{ ...good, kind: "hive" }, /: "spec.kind" must be one of "task", "session"$/],
    [{ ...good, needsLan: "yes" }, /: "spec.needsLan" must be true or false$/],
    [{ ...good, surprise: 1 }, /: "spec" has no field "surprise"$/],
    [{ ...good, host: "" }, /: "spec.host" must have 1 character or more$/],
    [{ ...good, env: { TOK: "x" }, secrets: ["TOK"] }, /: "spec.secrets" cannot have TOK, which "spec.env" gives/],
    [{}, /: "spec.command" is missing$/],
    [undefined, /: "spec" is missing$/],
  ]
  for (const [spec, message] of refused) {
    await assert.rejects(server.call("POST", "/v1/jobs", { spec }), { code: "invalid_input", message })
  }
  await assert.rejects(server.call("POST", "/v1/tokens", { user: "admin", expiresInMs: 10 }), {
    message: /: "expiresInMs" must be 1000 \(1s\) or more$/,
  })
})
