import assert from "node:assert/strict"
import { chmodSync, existsSync, renameSync, rmSync, utimesSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { makeServerId } from "../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { sealEnvironment } from "../../test/support/seal-environment.ts"
import { environmentKey } from "./environment-key.ts"
import { Environments } from "./environments.ts"
import { hostFolder, makeHostFolder } from "./host-folder.ts"

const FACTS = { platform: "darwin", arch: "arm64", system: "macOS 26.1" } as const
const key = (digit: string) => digit.repeat(32)

function someEnvironments(scratch: ScratchFolder) {
  const folder = hostFolder(scratch.path, makeServerId())
  makeHostFolder(folder)
  const environments = new Environments({
    folder,
    facts: FACTS,
    discard: (path) => rmSync(path, { recursive: true }),
  })
  const make = (name: string, bytes: number | null) => {
    const place = environments.placeOf(name).slice(scratch.path.length + 1)
    scratch.write({ [`${place}/venv/bin/python`]: "", [`${place}/venv/lib/python3.12/site-packages/six.py`]: "" })
    chmodSync(scratch.at(place, "venv/bin/python"), 0o755)
    const packages = scratch.at(place, "venv/lib/python3.12/site-packages")
    chmodSync(packages, 0o555)
    if (bytes !== null) sealEnvironment(scratch.at(place), bytes)
    return packages
  }
  return { environments, make }
}

test("an environment is used when it is ready and its Python is still there", () => {
  using scratch = new ScratchFolder()
  const { environments, make } = someEnvironments(scratch)
  make(key("a"), 10)
  make(key("b"), null)
  assert.equal(environments.use(key("a"), 1_000), true)
  assert.equal(environments.use(key("b"), 1_000), false)
  assert.equal(environments.use(key("c"), 1_000), false)
  chmodSync(`${environments.placeOf(key("a"))}/venv/bin`, 0o755)
  rmSync(`${environments.placeOf(key("a"))}/venv/bin/python`)
  assert.equal(environments.use(key("a"), 1_000), false)
})

test("an environment that a job has opened, or where it added or removed something, is built anew", () => {
  using scratch = new ScratchFolder()
  const { environments, make } = someEnvironments(scratch)
  const changes: readonly ((packages: string) => void)[] = [
    (packages) => chmodSync(packages, 0o755),
    (packages) => chmodSync(join(packages, "../../.."), 0o755),
    (packages) => utimesSync(packages, Date.now() / 1000 + 60, Date.now() / 1000 + 60),
    (packages) => {
      const above = dirname(packages)
      chmodSync(above, 0o755)
      renameSync(packages, `${packages}.old`)
      chmodSync(above, 0o555)
    },
  ]
  for (const [i, change] of changes.entries()) {
    const packages = make(key(`${i}`), 10)
    assert.equal(environments.use(key(`${i}`), 1_000), true)
    change(packages)
    assert.equal(environments.use(key(`${i}`), 1_000), false)
    assert.equal(existsSync(join(environments.placeOf(key(`${i}`)), "ready")), false)
  }
})

test("what a killed build has left goes, unless somebody builds there again", () => {
  using scratch = new ScratchFolder()
  const { environments, make } = someEnvironments(scratch)
  make(key("a"), 40)
  make(key("e"), null)
  make(key("f"), null)
  environments.use(key("a"), 9_000)
  environments.removeHalfBuilt(new Set([key("f")]))
  const left = ["a", "e", "f"].filter((digit) => existsSync(environments.placeOf(key(digit))))
  assert.deepEqual(left, ["a", "f"])
  const [a] = environments.list().filter(({ bytes }) => bytes > 0)
  assert.deepEqual(a, { key: key("a"), bytes: 40, lastUsedMs: 9_000 })
})

test("a key changes with all that decides, and with nothing else", () => {
  const spec = { kind: "requirements.txt", files: ["r.txt"], python: "3.12", with: ["six"], setup: [] } as const
  const files = [{ path: "r.txt", content: Buffer.from("six\n") }]
  const first = environmentKey(spec, files, "darwin-arm64 26", { UV_INDEX: "x" })
  assert.equal(environmentKey({ ...spec }, [...files], "darwin-arm64 26", { UV_INDEX: "x" }), first)
  const others = [
    environmentKey({ ...spec, python: "3.13" }, files, "darwin-arm64 26", { UV_INDEX: "x" }),
    environmentKey({ ...spec, with: [] }, files, "darwin-arm64 26", { UV_INDEX: "x" }),
    environmentKey({ ...spec, setup: ["true"] }, files, "darwin-arm64 26", { UV_INDEX: "x" }),
    environmentKey({ ...spec, kind: "packages" }, files, "darwin-arm64 26", { UV_INDEX: "x" }),
    environmentKey(spec, [{ path: "r.txt", content: Buffer.from("six \n") }], "darwin-arm64 26", { UV_INDEX: "x" }),
    environmentKey(spec, files, "darwin-arm64 27", { UV_INDEX: "x" }),
    environmentKey(spec, files, "darwin-arm64 26", { UV_INDEX: "y" }),
  ]
  assert.equal(new Set([first, ...others]).size, others.length + 1)
})
