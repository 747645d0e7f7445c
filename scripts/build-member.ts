/**
 * Bundles the member of a hive into one file for hosts: `node scripts/build-member.ts [INTO]`, by default `.cache/member/member.mjs`.
 * The same sources always give the same bytes.
 */
import { join } from "node:path"
import { builtinsWithoutNamespaces } from "./builtins-without-namespaces.ts"
import { writeBundle } from "./write-bundle.ts"

const ROOT = join(import.meta.dirname, "..")

/** Bundles the member into the file `into`, which appears whole. */
export async function buildMember(into: string): Promise<void> {
  const input = join(ROOT, "src/member/main.ts")
  await writeBundle({ input, external: [/^node:/], plugins: [builtinsWithoutNamespaces] }, into)
}

if (import.meta.main) await buildMember(process.argv[2] ?? join(ROOT, ".cache/member/member.mjs"))
