import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { promisify } from "node:util"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { HAS_COMPILER, type StandIn, standInMetal } from "../../../test/support/stand-in-metal.ts"
import { METAL_CELLS } from "../../doctor/metal-item.ts"
import { METAL_ARGUMENT, type MetalPlaces } from "./metal-program.ts"

const execute = promisify(execFile)
const PROGRAM = join(import.meta.dirname, "metal-program.ts")
const skip = HAS_COMPILER ? false : "there is no C compiler"

/** In a process of its own with the flag, as it runs on a host. */
async function compute(places: MetalPlaces): Promise<unknown> {
  const script = `import { computeOnGpu } from ${JSON.stringify(PROGRAM)}; console.log(JSON.stringify(await computeOnGpu(${JSON.stringify(places)})))`
  const words = ["--experimental-ffi", "--no-warnings", "--input-type=module-typescript", "-e", script]
  return JSON.parse((await execute(process.execPath, words)).stdout)
}

test("numbers go to the GPU through Metal's interface, and each result is compared", { skip }, async () => {
  using scratch = new ScratchFolder()
  const answer = (standIn: StandIn) => compute(standInMetal(scratch, standIn))
  assert.deepEqual(await answer({}), { device: "Apple Stand-in", cells: METAL_CELLS, right: METAL_CELLS })
  assert.deepEqual(await answer({ wrong: true }), {
    device: "Apple Stand-in",
    cells: METAL_CELLS,
    right: METAL_CELLS - 1,
  })
  assert.deepEqual(await answer({ devices: 0 }), { failed: "device", reason: "there is no Metal device" })
  assert.deepEqual(await answer({ compiles: false }), { failed: "compile", reason: "as it was told to" })
})

test("where there is no Metal, or Node cannot call it, nothing is said of it", async () => {
  const nowhere = "/nowhere/library"
  const answer = await compute({ objc: nowhere, metal: nowhere, coreGraphics: nowhere })
  assert.equal((answer as { failed?: string }).failed, "tool")
  // Without the flag, as the agent's own command line of another Node would be.
  const main = join(import.meta.dirname, "../main.ts")
  const { code, stdout } = (await execute(process.execPath, [main, METAL_ARGUMENT]).catch((error) => error)) as {
    code: number
    stdout: string
  }
  assert.equal(code, 1)
  assert.equal((JSON.parse(stdout) as { failed?: string }).failed, "tool")
})
