/**
 * Bundles the agent into one file for hosts: `node scripts/build-agent.ts [INTO]`, by default `.cache/agent/agent.mjs`.
 * The same sources always give the same bytes, so that a host recognises by hash what it has.
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type Plugin, rolldown } from "rolldown"
import { ENVIRONMENT_SOURCE, FORKER_SOURCES } from "../src/agent/forker-source.ts"

const ROOT = join(import.meta.dirname, "..")
const FORKER_MODULE = join(ROOT, "src/agent/forker-source.ts")

/** Puts the texts of the Perl program in the place of the module that reads its files. */
const inlineForker: Plugin = {
  name: "inline-forker",
  load(id) {
    if (id !== FORKER_MODULE) return null
    const programs = Object.entries(FORKER_SOURCES).map(([system, program]) => [system, withoutComments(program)])
    const sources = {
      ENVIRONMENT_SOURCE: withoutComments(ENVIRONMENT_SOURCE),
      FORKER_SOURCES: Object.fromEntries(programs),
    }
    const code = Object.entries(sources).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`)
    return { code: code.join("\n"), moduleType: "js" }
  },
}

/** Whole lines of comment only: a `#` elsewhere may be Perl's. */
function withoutComments(program: string): string {
  return program
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join("\n")
}

/** Bundles the agent into the file `into`, which appears whole. */
export async function buildAgent(into: string): Promise<void> {
  const bundle = await rolldown({
    input: join(ROOT, "src/agent/main.ts"),
    platform: "node",
    external: [/^node:/, "@lydell/node-pty"],
    plugins: [inlineForker],
    logLevel: "warn",
  })
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false })
  await bundle.close()
  const [chunk] = output
  await mkdir(dirname(into), { recursive: true })
  const beside = `${into}.${process.pid}`
  try {
    await writeFile(beside, chunk.code)
    await rename(beside, into)
  } finally {
    await rm(beside, { force: true })
  }
}

if (import.meta.main) await buildAgent(process.argv[2] ?? join(ROOT, ".cache/agent/agent.mjs"))
