/**
 * `node scripts/lock-engine.ts UV` writes `src/hive/engines/mlx-packages.txt`: what MLX is built from on hosts, each package by its release and by the
 * hashes of its wheels. UV is a uv that reaches a package index. For another release the numbers here are changed first.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { MLX_LM_RELEASE, MLX_PYTHON, MLX_RELEASE } from "../src/hive/engines/mlx-release.ts"

const SYSTEMS = [
  "sys_platform == 'darwin' and platform_machine == 'arm64'",
  "sys_platform == 'linux' and platform_machine == 'x86_64'",
  "sys_platform == 'linux' and platform_machine == 'aarch64'",
]
/** Wheels of none of them, which say that they are for one. */
const FOR_OTHERS = /musllinux|_iphone|graalpy|-pp\d|-cp\d+t-/
const TARGET = join(import.meta.dirname, "../src/hive/engines/mlx-packages.txt")

interface Package {
  readonly name: string
  readonly version: string
  readonly hashes: readonly string[]
}

const [uv = "uv"] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), "engine-"))
try {
  writeFileSync(join(folder, "pyproject.toml"), projectText())
  const run = (...words: string[]) => execFileSync(uv, words, { cwd: folder, encoding: "utf8" })
  run("lock", "--quiet")
  const markers = markersOf(run("export", "--frozen", "--no-emit-project", "--no-header", "--no-annotate", "--quiet"))
  const packages = readPackages(readFileSync(join(folder, "uv.lock"), "utf8"))
  writeFileSync(TARGET, `--only-binary :all:\n${packages.map((one) => lineOf(one, markers)).join("")}`)
} finally {
  rmSync(folder, { recursive: true })
}

function projectText(): string {
  const packages = [
    `mlx-lm==${MLX_LM_RELEASE}`,
    `mlx==${MLX_RELEASE}; sys_platform == 'darwin'`,
    // By itself it comes without its library there.
    `mlx[cpu]==${MLX_RELEASE}; sys_platform == 'linux'`,
  ]
  return [
    ...["[project]", 'name = "engine"', 'version = "1"', `requires-python = "${MLX_PYTHON}"`],
    ...[`dependencies = ${JSON.stringify(packages)}`, "[tool.uv]", `environments = ${JSON.stringify(SYSTEMS)}`, ""],
  ].join("\n")
}

/** By "name==version", what of a marker is left where the systems are these. */
function markersOf(exported: string): Map<string, string> {
  const lines = exported.split("\n").filter((line) => /^[a-z]/.test(line))
  return new Map(
    lines.map((line) => {
      const [name = "", marker = ""] = line.replace(/ \\$/, "").split(" ; ")
      const python = /python_full_version [<>=!]+ '[\d.]+'/.exec(marker)?.[0] ?? ""
      const isMac = marker === "" || marker.includes("'darwin'")
      const isLinux = marker === "" || marker.includes("'linux'")
      const system = isMac && isLinux ? "" : `sys_platform == '${isMac ? "darwin" : "linux"}'`
      const rest = [python, system].filter((part) => part !== "").join(" and ")
      return [name, rest === "" ? "" : ` ; ${rest}`]
    }),
  )
}

function readPackages(lock: string): Package[] {
  return lock.split("[[package]]\n").flatMap((text) => {
    const [, name = ""] = /^name = "(.+)"$/m.exec(text) ?? []
    const [, version = ""] = /^version = "(.+)"$/m.exec(text) ?? []
    const wheels = [...text.matchAll(/url = "[^"]*\/([^"/]+\.whl)", hash = "(sha256:[0-9a-f]{64})"/g)]
    const hashes = wheels.flatMap(([, file = "", hash = ""]) => (FOR_OTHERS.test(file) ? [] : [hash]))
    return name === "" || hashes.length === 0 ? [] : [{ name, version, hashes }]
  })
}

function lineOf({ name, version, hashes }: Package, markers: ReadonlyMap<string, string>): string {
  const marker = markers.get(`${name}==${version}`)
  if (marker === undefined) throw new Error(`${name} ${version} is locked, and nothing needs it`)
  return `${name}==${version}${marker}${hashes.map((hash) => ` \\\n    --hash=${hash}`).join("")}\n`
}
