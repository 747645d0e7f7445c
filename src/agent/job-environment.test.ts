import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { makeOrder } from "../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { environmentOf, type JobHost, jobEnvironment } from "./job-environment.ts"
import { makeStubFolder } from "./stub-folder.ts"

const MAC: JobHost = {
  facts: { platform: "darwin", home: "/Users/lab", user: "lab", hostname: "studio", timeZone: "Europe/Berlin" },
  shell: "/bin/zsh",
  homes: "/w/homes",
  shared: "/w/shared",
  stubFolder: null,
  environment: { SSL_CERT_FILE: "/etc/lab.pem", SECRET_OF_THE_AGENT: "x" },
}

const attempt = (folder: string) => ({ folder, environment: undefined, builder: [] })

test("jobEnvironment() on a Mac: Homebrew before /usr/local, the host's zone, certificates, and nothing else of the agent", () => {
  const variables = environmentOf(jobEnvironment(makeOrder(1, ["x"]), {}, MAC, attempt("/w/attempts/1")))
  assert.equal(
    variables.PATH,
    "/w/homes/ann/.local/bin:/Users/lab/.local/bin:/opt/homebrew/bin:/opt/homebrew/sbin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  )
  assert.deepEqual(
    [variables.LANG, variables.TZ, variables.TMPDIR, variables.SSL_CERT_FILE, variables.UV_SYSTEM_CERTS],
    ["en_US.UTF-8", "Europe/Berlin", "/w/attempts/1/tmp", "/etc/lab.pem", "1"],
  )
  assert.equal(variables.SECRET_OF_THE_AGENT, undefined)
})

test("jobEnvironment() lets the sender and secrets win, but not over WINDFALL_*", () => {
  const order = makeOrder(1, ["x"], { env: { LANG: "de_DE.UTF-8", PATH: "/mine", WINDFALL_JOB: "9", A: "1" } })
  const variables = environmentOf(jobEnvironment(order, { A: "2" }, MAC, attempt("/w")))
  assert.deepEqual(
    [variables.LANG, variables.PATH, variables.WINDFALL_JOB, variables.A],
    ["de_DE.UTF-8", "/mine", "1", "2"],
  )
})

test("jobEnvironment() refuses bad names and NUL bytes", () => {
  assert.throws(
    () => jobEnvironment(makeOrder(1, ["x"], { env: { "A=B": "1" } }), {}, MAC, attempt("/w")),
    /no valid variable/,
  )
  assert.throws(
    () => jobEnvironment(makeOrder(1, ["x"], { env: { A: "\0" } }), {}, MAC, attempt("/w")),
    /no valid variable/,
  )
})

test("a build on a Mac without developer tools does not look for a Python where the stubs are", () => {
  const building = { ...attempt("/w"), builder: ["perl"] }
  const order = makeOrder(1, ["x"])
  const variables = environmentOf(jobEnvironment(order, {}, { ...MAC, stubFolder: "/stubs" }, building))
  assert.doesNotMatch(variables.WINDFALL_BUILD_PATH ?? "/usr/bin", /\/usr\/bin/)
  assert.equal(environmentOf(jobEnvironment(order, {}, MAC, building)).WINDFALL_BUILD_PATH, undefined)
  assert.match(variables.PATH ?? "", /\/stubs:\/usr\/bin/)
})

test("an environment's Python comes first, whatever PATH the sender names; its project's sources are found", () => {
  const order = makeOrder(1, ["x"], {
    env: { PATH: "/mine", PYTHONPATH: "/own" },
    environment: { kind: "uv.lock", files: [], python: null, with: [], setup: [] },
  })
  const environment = { uv: "/w/tools/uv-1/uv", place: "/w/environments/k", sources: "/w/work/src" }
  const variables = environmentOf(jobEnvironment(order, {}, MAC, { ...attempt("/w"), environment }))
  assert.equal(variables.PATH, "/w/environments/k/venv/bin:/w/tools/uv-1:/mine")
  assert.equal(variables.VIRTUAL_ENV, "/w/environments/k/venv")
  assert.equal(variables.PYTHONPATH, "/w/work/src:/own")
})

test("masked stubs stand just before /usr/bin, say what is missing and fail at once", () => {
  using scratch = new ScratchFolder()
  const stubFolder = makeStubFolder(scratch.at("stubs"), ["python3", "git"])
  assert.ok(stubFolder !== null)
  const { PATH } = environmentOf(jobEnvironment(makeOrder(1, ["x"]), {}, { ...MAC, stubFolder }, attempt("/w")))
  assert.ok(PATH?.includes(`/usr/local/bin:${stubFolder}:/usr/bin:`))
  for (const name of ["python3", "git"]) {
    const run = () => execFileSync(join(stubFolder, name), { stdio: ["ignore", "ignore", "pipe"] })
    assert.throws(run, (error: { status: number; stderr: Buffer }) => {
      assert.match(String(error.stderr), /this Mac has no developer tools/)
      return error.status === 127
    })
  }
  assert.equal(makeStubFolder(scratch.at("none"), []), null)
})
