import { stat } from "node:fs/promises"
import { join } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import { hashFile } from "../../ssh/hash-file.ts"
import { fetchPackage } from "../../ssh/package-shelf.ts"
import { type HostPlatform, NODE_PACKAGE } from "../../ssh/payload.ts"
import { buildBundle } from "../build-bundle.ts"
import { SERVER_VERSION } from "../version.ts"

/** One file of an installed command line. */
export interface InstallFile {
  readonly name: string
  /** Where the server has it. */
  readonly source: string
  readonly bytes: number
  readonly sha256: string
}

/** What a machine of one platform needs for the command line of this release. */
export interface InstallSet {
  /** Names the folder it goes to: the version, and the content of the program. */
  readonly release: string
  readonly files: readonly InstallFile[]
}

/** Gets the files for a platform; the second time they are at hand. @throws {WindfallError} invalid_input for an unknown one */
export type InstallSource = (platform: string, signal: AbortSignal) => Promise<InstallSet>

/** The program bundled from these sources, and the pinned Node of each platform as its makers built and signed it. */
export function installSource(packageRoot: string, cacheFolder: string): InstallSource {
  const ready = new Map<HostPlatform, Promise<InstallSet>>()
  return (platform, signal) => {
    if (!isPlatform(platform)) {
      const known = Object.keys(NODE_PACKAGE).join(", ")
      throw new WindfallError("invalid_input", `Cannot install on ${platform.slice(0, 40)}: Windfall knows ${known}`)
    }
    let files = ready.get(platform)
    if (files === undefined) {
      files = gather(packageRoot, cacheFolder, platform, signal)
      ready.set(platform, files)
      files.catch(() => ready.delete(platform))
    }
    return files
  }
}

async function gather(
  packageRoot: string,
  cacheFolder: string,
  platform: HostPlatform,
  signal: AbortSignal,
): Promise<InstallSet> {
  const bundle = { packageRoot, cacheFolder, part: "cli", script: "scripts/build-installed-cli.ts" }
  const node = await fetchPackage({ packageRoot, cacheFolder }, NODE_PACKAGE[platform], ["bin/node"], signal)
  const program = await describe("windfall.mjs", await buildBundle(bundle, signal), signal)
  return {
    release: `${SERVER_VERSION}-${program.sha256.slice(0, 12)}`,
    files: [await describe("node", join(node, "bin/node"), signal), program],
  }
}

async function describe(name: string, source: string, signal: AbortSignal): Promise<InstallFile> {
  const { size } = await stat(source)
  return { name, source, bytes: size, sha256: await hashFile(source, signal) }
}

function isPlatform(text: string): text is HostPlatform {
  return Object.hasOwn(NODE_PACKAGE, text)
}
