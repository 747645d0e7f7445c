import { createHash } from "node:crypto"
import { chmod, mkdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { SharedTask } from "../base/shared-task.ts"
import { WindfallError } from "../protocol/errors.ts"
import { UV_VERSION, uvPath } from "../protocol/uv.ts"
import { hashFile } from "./hash-file.ts"
import type { HostPlatform, PayloadFile } from "./payload.ts"
import { fetchFromIndex, type PythonIndex } from "./python-index.ts"
import { readWheelFile } from "./wheel-file.ts"

/** The wheels of the pinned version, as their makers published them. */
const WHEELS: Readonly<Record<HostPlatform, { readonly tags: string; readonly sha256: string }>> = {
  "darwin-arm64": {
    tags: "macosx_11_0_arm64",
    sha256: "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
  },
  "linux-arm64": {
    tags: "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    sha256: "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
  },
  "linux-x64": {
    tags: "manylinux_2_17_x86_64.manylinux2014_x86_64",
    sha256: "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
  },
}

/**
 * uv for hosts of a platform: from the cache, or fetched when first asked for. Its content is checked against the pinned one
 * before any of it is kept.
 */
export class UvShelf {
  readonly #cacheFolder: string
  readonly #index: PythonIndex
  readonly #fetching = new Map<HostPlatform, SharedTask<PayloadFile>>()

  constructor(cacheFolder: string, index: PythonIndex) {
    this.#cacheFolder = cacheFolder
    this.#index = index
  }

  /** @throws {WindfallError} internal when it cannot be had, corrupt_data when it is not the pinned one */
  get(platform: HostPlatform, signal: AbortSignal): Promise<PayloadFile> {
    const task = this.#fetching.get(platform) ?? new SharedTask((limited) => this.#get(platform, limited))
    this.#fetching.set(platform, task)
    return task.run(signal)
  }

  async #get(platform: HostPlatform, signal: AbortSignal): Promise<PayloadFile> {
    const source = join(this.#cacheFolder, uvPath(platform))
    const there = await stat(source).catch(() => undefined)
    if (there === undefined) await this.#fetch(platform, source, signal)
    const { size: bytes } = await stat(source)
    return { path: uvPath(platform), source, bytes, sha256: await hashFile(source, signal), permissions: "755" }
  }

  async #fetch(platform: HostPlatform, into: string, signal: AbortSignal): Promise<void> {
    const { tags, sha256 } = WHEELS[platform]
    const wheel = await fetchFromIndex(this.#index, "uv", `uv-${UV_VERSION}-py3-none-${tags}.whl`, signal)
    if (createHash("sha256").update(wheel).digest("hex") !== sha256) {
      throw new WindfallError("corrupt_data", `Cannot use uv ${UV_VERSION}: its content is not what Windfall pins`, {
        hint: "Does the package index serve what it should?",
      })
    }
    await mkdir(dirname(into), { recursive: true })
    const beside = `${into}.${process.pid}`
    try {
      await writeFile(beside, readWheelFile(wheel, `uv-${UV_VERSION}.data/scripts/uv`))
      await chmod(beside, 0o755)
      await rename(beside, into)
    } finally {
      await rm(beside, { force: true })
    }
  }
}
