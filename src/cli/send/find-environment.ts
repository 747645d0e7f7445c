import {
  type EnvironmentKind,
  type EnvironmentSpec,
  inlineMetadata,
  pythonProblem,
} from "../../protocol/environment.ts"
import { packageNames } from "../../protocol/environment-values.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobValues } from "../../protocol/job-fields.ts"
import { path } from "../builtin.ts"
import { readDeciding, readMaybeDeciding } from "./deciding-file.ts"
import { lockedFolders, memberFiles, refuseLockAbove } from "./local-members.ts"
import type { PythonWish } from "./python-command.ts"
import { readPythonMetadata, refuseLocalPackages } from "./python-metadata.ts"
import { requirementFiles } from "./requirement-files.ts"

/** Where the command starts. */
export interface StartPlace {
  /** The top of what travels, absolute; `null`: nothing does. */
  readonly folder: string | null
  /** Below it, "" for the top. */
  readonly workingFolder: string
}

interface FoundFiles {
  readonly kind: EnvironmentKind
  readonly files: readonly string[]
  /** What the files say of the Python. */
  readonly python: string | null
}

/**
 * The environment a job gets: from the metadata of the script it runs, else from the nearest folder, from where it starts up to the
 * top of what travels, that has a uv.lock, a pyproject.toml with a project, or a requirements.txt; and what the sender named.
 * `null` where there is nothing of all that.
 * @throws {WindfallError} invalid_input for files that no environment on a host can be made from
 */
export function findEnvironment(values: JobValues, wish: PythonWish | null, start: StartPlace): EnvironmentSpec | null {
  const { python, with: packages = [], setup = [] } = values
  const asked = python !== undefined || packages.length > 0 || setup.length > 0
  if (values["no-environment"] === true || (wish === null && !asked)) return null
  if (wish?.wants === "uv" && !asked) return { kind: "uv", files: [], python: null, with: [], setup: [] }
  const script = wish?.wants === "python" ? wish.script : null
  const found = scriptMetadata(script, start) ?? nearestFiles(start)
  if (found === null && !asked) return null
  const { kind, files, python: wanted } = found ?? { kind: "packages" as const, files: [], python: null }
  return { kind, files, python: python ?? wanted, with: packageNames(packages), setup }
}

function scriptMetadata(script: string | null, { folder, workingFolder }: StartPlace): FoundFiles | null {
  if (script === null || folder === null) return null
  const file = path.relative(folder, path.resolve(folder, workingFolder, script))
  if (file.startsWith("..") || path.isAbsolute(file)) return null
  const metadata = inlineMetadata(readMaybeDeciding(folder, file) ?? "")
  if (metadata === null) return null
  const [, ...lines] = metadata.replace(/\r/g, "").split("\n").slice(0, -1)
  const toml = lines.map((line) => line.slice(2)).join("\n")
  return {
    kind: "script",
    files: [file],
    python: requiredPython(readPythonMetadata(`${file} (# /// script)`, toml).requiresPython),
  }
}

function nearestFiles({ folder, workingFolder }: StartPlace): FoundFiles | null {
  if (folder === null) return null
  for (let at = workingFolder; ; at = path.dirname(at)) {
    const below = at === "." ? "" : at
    const found = lockedFiles(folder, below) ?? unlockedFiles(folder, below)
    if (found !== null || below === "") return found
  }
}

/** By the lock in this folder; of a package whose own folder has none, by the one above that has it for a member. */
function lockedFiles(folder: string, below: string): FoundFiles | null {
  for (let at = below; ; at = path.dirname(at)) {
    const above = at === "." ? "" : at
    const lock = readDeciding(folder, path.join(above, "uv.lock"))
    if (lock !== null && (above === below || lockedFolders(lock).includes(path.relative(above, below)))) {
      return filesOfLock(folder, above, lock)
    }
    if (above === "" || readDeciding(folder, path.join(below, "pyproject.toml")) === null) return null
  }
}

function filesOfLock(folder: string, below: string, lock: string): FoundFiles {
  const [lockFile, projectFile] = [path.join(below, "uv.lock"), path.join(below, "pyproject.toml")]
  const text = readDeciding(folder, projectFile)
  if (text === null) {
    throw new WindfallError(
      "invalid_input",
      `Cannot make an environment from ${lockFile}: it has no pyproject.toml beside it`,
      { hint: "Put it there, or send without an environment: --no-environment" },
    )
  }
  const project = readPythonMetadata(projectFile, text)
  // The root of a workspace need be no package itself: then the lock alone says which Python all of it takes.
  const required = project.requiresPython ?? /^requires-python = "([^"]+)"$/m.exec(lock)?.[1] ?? null
  return {
    kind: "uv.lock",
    files: [lockFile, projectFile, ...memberFiles(lock, folder, below)],
    python: pinnedPython(readMaybeDeciding(folder, path.join(below, ".python-version"))) ?? requiredPython(required),
  }
}

function unlockedFiles(folder: string, below: string): FoundFiles | null {
  const inFolder = (name: string) => path.join(below, name)
  const read = (name: string) => readDeciding(folder, path.join(below, name))
  const text = read("pyproject.toml")
  const project = text === null ? null : readPythonMetadata(inFolder("pyproject.toml"), text)
  if (project?.isProject === true) {
    refuseLockAbove(folder, inFolder("pyproject.toml"))
    refuseLocalPackages(inFolder("pyproject.toml"), project)
    const python = pinnedPython(read(".python-version")) ?? requiredPython(project.requiresPython)
    return { kind: "pyproject.toml", files: [inFolder("pyproject.toml")], python }
  }
  const requirements = read("requirements.txt")
  if (requirements === null) return null
  const files = requirementFiles(folder, inFolder("requirements.txt"))
  return { kind: "requirements.txt", files, python: pinnedPython(read(".python-version")) }
}

/** The first line of a .python-version; other tools write there what uv does not know, which is then not heeded. */
function pinnedPython(text: string | null): string | null {
  const [line = ""] = (text ?? "").split("\n").filter((each) => !/^\s*(#|$)/.test(each))
  return line === "" || pythonProblem(line.trim()) !== null ? null : line.trim()
}

/** @throws {WindfallError} invalid_input for a Python that no host has */
function requiredPython(requiresPython: string | null): string | null {
  if (requiresPython === null) return null
  const problem = pythonProblem(requiresPython)
  if (problem === null) return requiresPython
  throw new WindfallError("invalid_input", `Cannot use requires-python: ${problem}`, {
    hint: "Correct it, or send with --python 3.12",
  })
}
