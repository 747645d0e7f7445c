import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { WindfallError } from "../protocol/errors.ts"

const run = promisify(execFile)

/** An OpenSSH server that can be started on this machine. */
export interface SshdBinary {
  /** sshd starts itself again for each connection, so this is absolute and stays in place. */
  readonly path: string
  /** For LD_LIBRARY_PATH, when it came without its libraries. */
  readonly libraryPath: string | null
  /** Lines its configuration needs because it does not lie where it was built for. */
  readonly configuration: readonly string[]
  readonly origin: "installed" | "unpacked"
}

const INSTALLED = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd"]
const HINT = "Install it once: apt-get install openssh-server (it need not be started)"
/** What Debian's sshd links to and a machine without it may lack. */
const PACKAGE_OF: Readonly<Record<string, string>> = { "libwrap.so.0": "libwrap0", "libaudit.so.1": "libaudit1" }

/**
 * Finds an sshd: the machine's own, one unpacked earlier into `cacheFolder`, or, on Debian and its relatives, a fresh
 * copy of the distribution's package unpacked there. Nothing is installed and no root is needed.
 * @throws {WindfallError} host_unreachable, with what to install
 */
export async function findSshd(cacheFolder: string, signal?: AbortSignal): Promise<SshdBinary> {
  for (const path of INSTALLED) {
    if (isExecutable(path)) return { path, libraryPath: null, configuration: [], origin: "installed" }
  }
  const folder = join(cacheFolder, "sshd")
  if (!isExecutable(join(folder, "usr/sbin/sshd"))) await unpackSshd(cacheFolder, folder, signal)
  return unpackedSshd(folder)
}

/** Since OpenSSH 9.8 sshd hands its sessions to helpers at fixed paths; only from 10.0 can the configuration move both. */
async function unpackedSshd(folder: string): Promise<SshdBinary> {
  const libraries = (await readdir(join(folder, "usr/lib"))).find((name) => name.endsWith("-linux-gnu"))
  const configuration = [
    ["SshdSessionPath", "sshd-session"],
    ["SshdAuthPath", "sshd-auth"],
  ]
    .map(([option, name]) => [option, join(folder, "usr/lib/openssh", name ?? "")] as const)
    .filter(([, path]) => isExecutable(path))
    .map(([option, path]) => `${option} ${path}`)
  return {
    path: join(folder, "usr/sbin/sshd"),
    libraryPath: libraries === undefined ? null : join(folder, "usr/lib", libraries),
    configuration,
    origin: "unpacked",
  }
}

async function unpackSshd(cacheFolder: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(cacheFolder, { recursive: true })
  const work = await mkdtemp(join(cacheFolder, "sshd-"))
  try {
    await download(work, "openssh-server", signal)
    const lacking = await missingLibraries(join(work, "root"), signal)
    for (const library of lacking) {
      const name = PACKAGE_OF[library]
      if (name === undefined) throw new Error(`it needs ${library}`)
      await download(work, name, signal)
    }
    await rename(join(work, "root"), folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error // another process was quicker: as good
    })
  } catch (cause) {
    signal?.throwIfAborted()
    const reason = (cause as Error).message.trim().split("\n").at(-1)
    throw new WindfallError("host_unreachable", `Cannot unpack an OpenSSH server: ${reason}`, { hint: HINT, cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Fetches a package as the calling user: with the machine's package lists, or else with lists of our own. */
async function download(work: string, name: string, signal: AbortSignal | undefined): Promise<void> {
  const options = { cwd: work, ...(signal === undefined ? {} : { signal }) }
  try {
    await run("apt-get", ["-q", "download", name], options)
  } catch {
    signal?.throwIfAborted()
    await mkdir(join(work, "lists/partial"), { recursive: true })
    const own = [
      "-o",
      `Dir::State::lists=${join(work, "lists")}`,
      "-o",
      `Dir::Cache=${work}`,
      "-o",
      "Debug::NoLocking=1",
    ]
    await run("apt-get", ["-q", ...own, "update"], options)
    await run("apt-get", ["-q", ...own, "download", name], options)
  }
  const file = (await readdir(work)).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith(".deb"))
  if (file === undefined) throw new Error(`no package ${name} came`)
  await run("dpkg-deb", ["-x", file, "root"], options)
}

async function missingLibraries(root: string, signal: AbortSignal | undefined): Promise<string[]> {
  const { stdout } = await run("ldd", [join(root, "usr/sbin/sshd")], signal === undefined ? {} : { signal })
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? "")
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
