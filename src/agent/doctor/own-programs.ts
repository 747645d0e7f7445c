import { writeSync } from "node:fs"
import { computeOnGpu, METAL_ARGUMENT } from "./metal-program.ts"
import { tryAddresses } from "./reach-program.ts"

/** Runs what an examination needs a process of its own for: prints one line of JSON and ends the process. */
export async function runOwnProgram([name, ...parameters]: readonly string[]): Promise<never> {
  const answer = name === METAL_ARGUMENT ? await computeOnGpu() : await tryAddresses(parameters)
  writeSync(1, `${JSON.stringify(answer)}\n`)
  process.exit("failed" in answer ? 1 : 0)
}
