/**
 * Bundles the command line: `node scripts/build-cli.ts [INTO]`, by default into `.cache/cli`. Reading and linking ninety
 * small files takes as long as sending a job; one file takes a third of that. Nothing depends on the bundle being there:
 * it looks at its sources first (a fraction of a millisecond) and steps aside for them when one has changed.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { rolldown } from "rolldown"
import { builtinsWithoutNamespaces } from "./builtins-without-namespaces.ts"

const ROOT = join(import.meta.dirname, "..")
const CLI = join(ROOT, "src/cli")
const MAIN = join(CLI, "main.ts")
/** Where the short way begins: all they import outright goes into one file. */
const SHORT_WAY = ["cli.ts", "run-command.ts", "commands/send.ts", "send/stay.ts"].map((name) => join(CLI, name))
/** Files of older bundles are left this long for commands that still run and may load one of them yet. */
const KEEP_MS = 7 * 86_400_000

/** Everything a file needs at once, and so on from there; what it imports only when needed is left out. */
async function importedBy(files: readonly string[], found = new Set<string>()): Promise<Set<string>> {
  for (const file of files) {
    if (found.has(file)) continue
    found.add(file)
    const text = await readFile(file, "utf8")
    const imports = [...text.matchAll(/^(?:import|export)\s(?!type\s)(?:[^"';]*?\sfrom\s)?"(\.[^"]+)"/gm)]
    await importedBy(
      imports.map(([, path = ""]) => join(dirname(file), path)),
      found,
    )
  }
  return found
}

/** Builds into the folder `into`; its `main.js` appears last and whole. */
export async function buildCli(into: string): Promise<void> {
  const short = await importedBy(SHORT_WAY)
  const bundle = await rolldown({
    input: MAIN,
    platform: "node",
    external: [/^node:/],
    preserveEntrySignatures: false,
    plugins: [builtinsWithoutNamespaces],
    logLevel: "warn",
  })
  const { output } = await bundle.generate({
    format: "esm",
    entryFileNames: "entry-[hash].js",
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: {
      groups: [
        {
          name: "short-way",
          test: (id) => short.has(id) || id.includes("/node_modules/ignore/"),
          includeDependenciesRecursively: false,
        },
      ],
    },
  })
  const sources = await bundle.watchFiles
  await bundle.close()
  await mkdir(into, { recursive: true })
  for (const file of output) {
    if (file.type === "chunk") await writeWhole(join(into, file.fileName), file.code)
  }
  const entry = output.find((file) => file.type === "chunk" && file.isEntry)
  if (entry === undefined) throw new Error("Defect in Windfall: the bundle has no entry")
  await writeWhole(join(into, "main.js"), await loader(entry.fileName, sources))
  await removeOld(into, new Set(["main.js", ...output.map((file) => file.fileName)]))
}

/** Starts the bundle if every source is as it was; else the sources, and builds anew for the next time. */
async function loader(entry: string, sources: readonly string[]): Promise<string> {
  const seen: (string | number)[] = []
  for (const file of [...sources].filter((path) => path.startsWith(ROOT) && !path.includes("/node_modules/")).sort()) {
    const { size, mtimeMs } = await stat(file)
    seen.push(relative(ROOT, file), size, mtimeMs)
  }
  return `// Made by scripts/build-cli.ts from src/cli.
const fs = process.getBuiltinModule("node:fs")
const root = process.getBuiltinModule("node:url").fileURLToPath(new URL("../../", import.meta.url))
const seen = ${JSON.stringify(seen)}
let fresh = true
for (let i = 0; fresh && i < seen.length; i += 3) {
  const stat = fs.statSync(root + seen[i], { throwIfNoEntry: false })
  fresh = stat !== undefined && stat.size === seen[i + 1] && stat.mtimeMs === seen[i + 2]
}
if (fresh) await import("./${entry}")
else {
  process.getBuiltinModule("node:child_process").spawnSync(process.execPath, [root + "scripts/build-cli.ts"], { stdio: "ignore" })
  await import("../../src/cli/main.ts")
}
`
}

async function writeWhole(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}`
  try {
    await writeFile(beside, text)
    await rename(beside, file)
  } finally {
    await rm(beside, { force: true })
  }
}

async function removeOld(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (keep.has(name)) continue
    const file = join(folder, name)
    if (Date.now() - (await stat(file)).mtimeMs > KEEP_MS) await rm(file, { force: true })
  }
}

if (import.meta.main) await buildCli(process.argv[2] ?? join(ROOT, ".cache/cli"))
