import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { WindfallError } from "../protocol/errors.ts"

const run = promisify(execFile)

/** Where npm packages are found: installed with Windfall, or fetched later for another platform. */
export interface PackageShelf {
  /** The folder of package-lock.json and node_modules. */
  readonly packageRoot: string
  readonly cacheFolder: string
}

/**
 * Returns the folder of an npm package of the version and content package-lock.json names: the installed one, or a copy
 * in the cache that is made when first asked for. `parts` are the files that are wanted of it.
 * @throws {WindfallError} internal when it cannot be had, corrupt_data when its content is not the locked one
 */
export async function fetchPackage(
  shelf: PackageShelf,
  name: string,
  parts: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const installed = join(shelf.packageRoot, "node_modules", name)
  if (parts.every((part) => existsSync(join(installed, part)))) return realpath(installed)
  const { version, integrity } = lockedPackage(shelf.packageRoot, name)
  const folder = join(shelf.cacheFolder, "packages", `${name.replace("/", "-")}-${version}`)
  if (parts.every((part) => existsSync(join(folder, part)))) return folder
  await mkdir(join(shelf.cacheFolder, "packages"), { recursive: true })
  const work = await mkdtemp(join(shelf.cacheFolder, "packages", "new-"))
  try {
    await run("npm", ["pack", "--silent", `${name}@${version}`, "--pack-destination", work], {
      cwd: work,
      signal,
    })
    const archive = (await readdir(work)).find((entry) => entry.endsWith(".tgz"))
    if (archive === undefined) throw new Error("npm brought nothing")
    await checkIntegrity(join(work, archive), integrity, name)
    await mkdir(join(work, "out"))
    const members = parts.map((part) => `package/${part}`)
    await run("tar", ["-xzf", join(work, archive), "-C", join(work, "out"), ...members], { signal })
    await rename(join(work, "out/package"), folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error // another process was quicker: as good
    })
    return folder
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof WindfallError) throw cause
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1)
    throw new WindfallError("internal", `Cannot fetch ${name} ${version}: ${said || (cause as Error).message}`, {
      hint: `Hosts of that platform need it. Is npm reachable from the server? Try: npm pack ${name}@${version}`,
      cause,
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function lockedPackage(packageRoot: string, name: string): { version: string; integrity: string } {
  const lock = JSON.parse(readFileSync(join(packageRoot, "package-lock.json"), "utf8")) as {
    packages?: Record<string, { version?: string; integrity?: string }>
  }
  const { version, integrity } = lock.packages?.[`node_modules/${name}`] ?? {}
  if (version === undefined || integrity === undefined) {
    throw new WindfallError("internal", `Cannot fetch ${name}: package-lock.json does not name it`)
  }
  return { version, integrity }
}

async function checkIntegrity(file: string, integrity: string, name: string): Promise<void> {
  const [algorithm = "", expected] = integrity.split("-", 2)
  const found = createHash(algorithm)
    .update(await readFile(file))
    .digest("base64")
  if (found === expected) return
  throw new WindfallError("corrupt_data", `Cannot use ${name}: its content is not what package-lock.json names`)
}
