import { WindfallError } from "../../protocol/errors.ts"

/**
 * Refuses a project that takes packages from folders: a workspace of several packages, or dependencies with a path. Environments
 * are shared and see nothing of the folder, so their build would end only on the host, and in uv's words.
 * @param toml the text of the project's pyproject.toml
 * @throws {WindfallError} invalid_input, with how it runs all the same
 */
export function refuseLocalPackages(file: string, toml: string, isLocked: boolean): void {
  const local = localSource(toml) ?? (isLocked ? workspaceTable(toml) : undefined)
  if (local === undefined) return
  throw new WindfallError(
    "invalid_input",
    `Cannot make an environment from ${file}: it takes packages from folders (${local}), and jobs share environments`,
    { hint: "uv can, in the job's folder, if all of them travel (--folder): windfall send -- uv run COMMAND" },
  )
}

function localSource(toml: string): string | undefined {
  let table = ""
  for (const line of tomlLines(toml)) {
    const [, header] = /^\s*\[([^[\]]+)\]/.exec(line) ?? []
    if (header !== undefined) table = header.replaceAll(/\s/g, "")
    if (!/^tool\.uv\.sources(?:\.|$)/.test(table)) continue
    const [entry] = /\bworkspace\s*=\s*true\b|\bpath\s*=\s*(?:"[^"]*"|'[^']*')/.exec(line) ?? []
    if (entry !== undefined) return entry
  }
  return undefined
}

/** With a lock uv wants to see every member, also where the project itself needs none. */
function workspaceTable(toml: string): string | undefined {
  return tomlLines(toml).some((line) => /^\s*\[\s*tool\.uv\.workspace\s*\]/.test(line))
    ? "[tool.uv.workspace]"
    : undefined
}

function tomlLines(toml: string): string[] {
  return toml.split(/\r?\n/).filter((line) => !/^\s*#/.test(line))
}
