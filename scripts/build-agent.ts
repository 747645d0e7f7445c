/**
 * Bundles the agent into one file for hosts: `node scripts/build-agent.ts [INTO]`, by default `.cache/agent/agent.mjs`.
 * The same sources always give the same bytes, so that a host recognises by hash what it has.
 */
import { join } from "node:path"
import type { Plugin } from "rolldown"
import { ENVIRONMENT_SOURCE, FORKER_SOURCES } from "../src/agent/forker-source.ts"
import { builtinsWithoutNamespaces } from "./builtins-without-namespaces.ts"
import { writeBundle } from "./write-bundle.ts"

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
  const input = join(ROOT, "src/agent/main.ts")
  await writeBundle(
    { input, external: [/^node:/, "@lydell/node-pty"], plugins: [inlineForker, builtinsWithoutNamespaces] },
    into,
  )
}

if (import.meta.main) await buildAgent(process.argv[2] ?? join(ROOT, ".cache/agent/agent.mjs"))
