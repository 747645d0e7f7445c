/**
 * Bundles the command line into one file for those who have no clone: `node scripts/build-installed-cli.ts [INTO]`, by default
 * `.cache/installed-cli/windfall.mjs`. The same sources always give the same bytes: a release is named by them.
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { rolldown } from "rolldown"
import { builtinsWithoutNamespaces } from "./builtins-without-namespaces.ts"

const ROOT = join(import.meta.dirname, "..")

/** Bundles into the file `into`, which appears whole. */
export async function buildInstalledCli(into: string): Promise<void> {
  const bundle = await rolldown({
    input: join(ROOT, "src/cli/main.ts"),
    platform: "node",
    external: [/^node:/],
    plugins: [builtinsWithoutNamespaces],
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

if (import.meta.main) await buildInstalledCli(process.argv[2] ?? join(ROOT, ".cache/installed-cli/windfall.mjs"))
