import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs"
import { dirname, join } from "node:path"
import { uvPath } from "../../src/protocol/uv.ts"
import type { HostPlatform } from "../../src/ssh/payload.ts"
import { askIndex, pythonIndex } from "../../src/ssh/python-index.ts"
import { UvShelf } from "../../src/ssh/uv-shelf.ts"
import { LAB_CACHE } from "../lab/lab.ts"

/** Why no packages can be had from here, or `false`: what a test that needs an index is skipped with. */
export async function noPythonIndex(): Promise<string | false> {
  try {
    await askIndex(pythonIndex(process.env), "iniconfig", AbortSignal.timeout(20_000))
    return false
  } catch (error) {
    return `no Python package index is in reach: ${(error as Error).message}`
  }
}

/** Puts uv where a server would: below a host's Windfall folder, or into a server's cache. It is fetched once for all tests. */
export async function placeUv(root: string): Promise<void> {
  const platform = `${process.platform}-${process.arch}` as HostPlatform
  const { source, path } = await new UvShelf(LAB_CACHE, pythonIndex(process.env)).get(
    platform,
    AbortSignal.timeout(60_000),
  )
  const target = join(root, path)
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(source, `${target}.new`)
  renameSync(`${target}.new`, target)
}

/** The path of uv below such a folder. */
export const UV_PATH = uvPath(`${process.platform}-${process.arch}`)
