import assert from "node:assert/strict"
import { chmodSync, utimesSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { llamaCppAdapter } from "../hive/engines/llama-cpp-adapter.ts"
import { findEngine } from "./find-engine.ts"
import { boundKept } from "./kept-weights.ts"
import { Loss } from "./loss.ts"

const SAYS = `#!/bin/sh
case $1 in
  --version) echo "version: VERSION (build 1, commit x)" >&2 ;;
  --help) echo "--rpc SERVERS" ;;
  --list-devices) printf 'Available devices:\\n  MTL0: Apple M4 (100 MiB, 99 MiB free)\\n' ;;
esac
`

function place(scratch: ScratchFolder, folder: string, version: string, ...names: readonly string[]): void {
  for (const name of names) {
    scratch.write({ [`${folder}/${name}`]: SAYS.replace("VERSION", version) })
    chmodSync(scratch.at(folder, name), 0o755)
  }
}

describe("looking for an engine", () => {
  const never = new AbortController().signal

  it("takes the newest of the tools that has all programs, by either name", async () => {
    using scratch = new ScratchFolder()
    place(scratch, "home/.windfall/tools/llama-0.9.0/bin", "0.9.0", "llama-server", "rpc-server")
    place(scratch, "home/.windfall/tools/llama-0.10.0/bin", "0.10.0", "llama-server", "ggml-rpc-server")
    place(scratch, "home/.windfall/tools/llama-0.11.0/bin", "0.11.0", "llama-server")
    const environment = { HOME: scratch.at("home"), PATH: "/usr/bin:/bin" }
    const found = await findEngine(llamaCppAdapter, null, 0, environment, never)
    assert.equal(found.folder, scratch.at("home/.windfall/tools/llama-0.10.0/bin"))
    assert.equal(found.version, "0.10.0 (build 1, commit x)")
    assert.deepEqual(found.devices, ["MTL0"])
    const older = await findEngine(
      llamaCppAdapter,
      scratch.at("home/.windfall/tools/llama-0.9.0"),
      0,
      environment,
      never,
    )
    assert.equal(older.programs.worker, scratch.at("home/.windfall/tools/llama-0.9.0/bin/rpc-server"))
  })

  it("looks along PATH, and says what is missing and where to get it", async () => {
    using scratch = new ScratchFolder()
    place(scratch, "path", "1.0", "llama-server", "rpc-server")
    const environment = { HOME: scratch.at("nobody"), PATH: `relative:${scratch.at("path")}` }
    assert.equal((await findEngine(llamaCppAdapter, null, 0, environment, never)).folder, scratch.at("path"))
    await assert.rejects(findEngine(llamaCppAdapter, null, 3, { ...environment, PATH: "" }, never), (error) => {
      assert.ok(error instanceof Loss)
      assert.deepEqual([error.code, error.member], ["engine_missing", 3])
      assert.match(error.message, /ggml-rpc-server or rpc-server/)
      assert.match(error.hint ?? "", /no administrator/)
      return true
    })
  })
})

describe("weights that workers keep", () => {
  it("are bounded, the ones used last stay", async () => {
    using scratch = new ScratchFolder()
    for (const [at, name] of ["old", "older", "new"].entries()) {
      scratch.write({ [`rpc/${name}`]: "x".repeat(100) })
      const seconds = [2_000, 1_000, 3_000][at] ?? 0
      utimesSync(scratch.at("rpc", name), seconds, seconds)
    }
    await boundKept(scratch.path, 250)
    assert.deepEqual((await readdir(scratch.at("rpc"))).toSorted(), ["new", "old"])
    await boundKept(scratch.path, 10)
    assert.deepEqual(await readdir(scratch.at("rpc")), [])
  })
})
