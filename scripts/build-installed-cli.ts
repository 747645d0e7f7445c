/**
 * Bundles the command line into one file for those who have no clone: `node scripts/build-installed-cli.ts [INTO]`, by default
 * `.cache/installed-cli/windfall.mjs`. The same sources always give the same bytes: a release is named by them.
 */
import { join } from "node:path"
import { builtinsWithoutNamespaces } from "./builtins-without-namespaces.ts"
import { writeBundle } from "./write-bundle.ts"

const ROOT = join(import.meta.dirname, "..")

/** Bundles into the file `into`, which appears whole. */
export async function buildInstalledCli(into: string): Promise<void> {
  const input = join(ROOT, "src/cli/main.ts")
  await writeBundle({ input, external: [/^node:/], plugins: [builtinsWithoutNamespaces] }, into)
}

if (import.meta.main) await buildInstalledCli(process.argv[2] ?? join(ROOT, ".cache/installed-cli/windfall.mjs"))
