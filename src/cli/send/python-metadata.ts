import { parse, TomlError } from "smol-toml"
import { WindfallError } from "../../protocol/errors.ts"

/** What of a pyproject.toml, or of a script's metadata (PEP 723), decides about an environment before uv reads it. */
export interface PythonMetadata {
  /** It describes a project, and not only the settings of some tool. */
  readonly isProject: boolean
  readonly requiresPython: string | null
  /** A package it takes from a folder, as it stands there: `path = "../lib"`. */
  readonly localSource: string | null
}

/** @throws {WindfallError} invalid_input, with the place, for what is no TOML */
export function readPythonMetadata(file: string, toml: string): PythonMetadata {
  const all = table(parseToml(file, toml))
  const project = table(all.project)
  const uv = table(table(all.tool).uv)
  const required = project["requires-python"] ?? all["requires-python"]
  return {
    isProject: all.project !== undefined,
    requiresPython: typeof required === "string" ? required : null,
    localSource: localSource(table(uv.sources)),
  }
}

/**
 * Refuses a project without a lock that takes packages from folders: environments are shared and see nothing of the folder, and
 * only a lock says what else those packages need.
 * @throws {WindfallError} invalid_input, with how it runs all the same
 */
export function refuseLocalPackages(file: string, { localSource }: PythonMetadata): void {
  if (localSource === null) return
  throw new WindfallError(
    "invalid_input",
    `Cannot make an environment from ${file}: it takes packages from folders (${localSource}), and has no uv.lock`,
    { hint: "Type uv lock in that folder and send again; or let uv do it all there: windfall send -- uv run COMMAND" },
  )
}

function parseToml(file: string, toml: string): unknown {
  try {
    return parse(toml)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n")
    throw new WindfallError(
      "invalid_input",
      `Cannot make an environment from ${file}: line ${error.line}, column ${error.column}: ${reason}`,
      { hint: "Correct it, or send without an environment: --no-environment", cause: error },
    )
  }
}

function localSource(sources: Readonly<Record<string, unknown>>): string | null {
  for (const source of Object.values(sources).flat()) {
    const { path, workspace } = table(source)
    if (typeof path === "string") return `path = ${JSON.stringify(path)}`
    if (workspace === true) return "workspace = true"
  }
  return null
}

function table(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
}
