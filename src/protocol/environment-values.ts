import { MAX_ENVIRONMENT_ENTRIES, packageProblem, pythonProblem } from "./environment.ts"
import { WindfallError } from "./errors.ts"
import type { JobValues } from "./job-fields.ts"

/** @throws {WindfallError} invalid_input for what no environment can be made from */
export function checkPython(values: JobValues): void {
  const { python, with: packages = [], setup = [] } = values
  if (values["no-environment"] === true) {
    const [field] = (["python", "with", "setup"] as const).filter((key) => values[key] !== undefined)
    if (field === undefined) return
    throw new WindfallError(
      "invalid_input",
      `Cannot send with both --no-environment and --${field}: they say the opposite`,
      { details: { field: "no-environment" } },
    )
  }
  const problem = python === undefined ? null : pythonProblem(python)
  if (problem !== null) {
    throw new WindfallError("invalid_input", `Cannot use --python: ${problem}`, { details: { field: "python" } })
  }
  for (const name of packageNames(packages)) {
    const reason = packageProblem(name)
    if (reason === null) continue
    throw new WindfallError("invalid_input", `Cannot use --with ${JSON.stringify(name.slice(0, 80))}: ${reason}`, {
      hint: "Name a package as pip does: --with mlx, --with 'numpy<3'",
      details: { field: "with" },
    })
  }
  const [field, count] = packages.length > setup.length ? ["with", packages.length] : ["setup", setup.length]
  if (count > MAX_ENVIRONMENT_ENTRIES) {
    throw new WindfallError("too_large", `Cannot send ${count} times --${field}: ${MAX_ENVIRONMENT_ENTRIES} at most`, {
      details: { field },
    })
  }
}

/** `--with a,b` are two. A comma also parts the bounds of a version, and extras: those are one package's. */
export function packageNames(given: readonly string[]): string[] {
  return given.flatMap((text) => text.split(/,(?=\s*[A-Za-z0-9])(?![^[]*\])/).map((name) => name.trim()))
}
