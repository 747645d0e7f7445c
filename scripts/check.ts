/** `npm run check`: format, lint, types, the import rule, file lengths and names. Says all that is wrong, not just the first. */
import { join } from "node:path"
import { checkFiles } from "./check-files.ts"
import { checkImports } from "./check-imports.ts"
import { ROOT } from "./source-files.ts"
import { type Stage, stage } from "./stage.ts"

const LIMIT_MS = 120_000

export async function check(): Promise<Stage[]> {
  const bin = (name: string) => join(ROOT, "node_modules", ".bin", name)
  return [
    await stage("check: format and lint", bin("biome"), ["check", "--error-on-warnings"], { limitMs: LIMIT_MS }),
    await stage("check: types", bin("tsc"), [], { limitMs: LIMIT_MS }),
    report("check: imports", checkImports()),
    report("check: files", checkFiles()),
  ]
}

function report(name: string, faults: readonly string[]): Stage {
  for (const fault of faults) console.error(fault)
  return { name, ok: faults.length === 0, ms: 0 }
}

if (import.meta.main) {
  const stages = await check()
  for (const { name, ok } of stages) console.log(`${ok ? "ok    " : "FAILED"}  ${name}`)
  process.exitCode = stages.every(({ ok }) => ok) ? 0 : 1
}
