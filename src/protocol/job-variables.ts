import { WindfallError } from "./errors.ts"
import { variableHint } from "./name-hints.ts"

/** All variables of a job together, names and values, may have this many bytes. */
export const MAX_ENVIRONMENT_BYTES = 256 * 1024

/** `NAME=VALUE` or `NAME` each. @throws {WindfallError} naming the variable, never its value */
export function jobEnvironment(
  entries: readonly string[],
  from: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {}
  let bytes = 0
  for (const entry of entries) {
    const equals = entry.indexOf("=")
    const name = equals === -1 ? entry : entry.slice(0, equals)
    const problem = variableNameProblem(name)
    if (problem !== null)
      throw new WindfallError(
        "invalid_input",
        `Cannot set the variable ${JSON.stringify(name.slice(0, 80))}: ${problem}`,
        { hint: variableHint(name), details: { field: "env" } },
      )
    const value = equals === -1 ? from[name] : entry.slice(equals + 1)
    if (value === undefined) {
      throw new WindfallError("invalid_input", `Cannot take the variable ${name} from here: it is not set`, {
        hint: `Give it a value: --env ${name}=VALUE`,
        details: { field: "env" },
      })
    }
    if (value.includes("\0")) {
      throw new WindfallError("invalid_input", `Cannot set the variable ${name}: its value contains a NUL character`, {
        hint: "No variable can have one: put the value into a file of the folder.",
        details: { field: "env" },
      })
    }
    env[name] = value
    bytes += new TextEncoder().encode(name).length + new TextEncoder().encode(value).length + 2
  }
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new WindfallError(
      "too_large",
      `Cannot send ${Math.ceil(bytes / 1024)} KB of variables: a job's environment may have ${MAX_ENVIRONMENT_BYTES / 1024} KB`,
      { hint: "Put large values into a file of the folder and let the job read it.", details: { field: "env" } },
    )
  }
  return env
}

/** @throws {WindfallError} naming a secret that no variable of these can hold */
export function checkSecrets(names: readonly string[], env: Readonly<Record<string, string>>): void {
  for (const name of names) {
    const problem = variableNameProblem(name)
    if (problem !== null) {
      throw new WindfallError(
        "invalid_input",
        `Cannot give the job the secret ${JSON.stringify(name.slice(0, 80))}: ${problem}`,
        {
          hint: "Name one of yours: windfall secret ls",
          details: { field: "secrets" },
        },
      )
    }
    if (Object.hasOwn(env, name)) {
      throw new WindfallError(
        "invalid_input",
        `Cannot send with both --env ${name} and --secret ${name}: it can have one value`,
        {
          hint: "Leave --env out, and the job gets the stored secret under that name",
          details: { field: "secrets" },
        },
      )
    }
  }
}

/** Why a text cannot name a variable of a job, be it given or a secret, or `null` when it can. */
export function variableNameProblem(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
    return "a name has letters, digits and underscores, and no digit first"
  // In JSON's way it would be lost.
  if (name === "__proto__") return "no variable may have this name"
  return isReservedVariable(name) ? "names that start with WINDFALL_ are Windfall's own" : null
}

/** Whether a name is one that Windfall itself gives, or may give, to jobs. */
export function isReservedVariable(name: string): boolean {
  return /^WINDFALL_[A-Za-z0-9_]*$/.test(name)
}
