import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"

/**
 * The parameters of a query by name. One that is not known would be taken for a wish and then not be met, so it is refused.
 * @throws {WindfallError} invalid_input naming the parameter, and the known one that is meant where one is near
 */
export function readQuery(query: URLSearchParams, known: readonly string[]): Record<string, string> {
  const read: Record<string, string> = {}
  for (const [name, value] of query) {
    if (!known.includes(name)) throw unknown(name, known)
    if (Object.hasOwn(read, name)) {
      throw new WindfallError("invalid_input", `Cannot accept the query: "${name}" is given more than once`, {
        hint: `Give it once: ${name}=VALUE`,
        details: { parameter: name },
      })
    }
    read[name] = value
  }
  return read
}

function unknown(name: string, known: readonly string[]): WindfallError {
  const meant = closest(name, known)
  const all = known.length === 0 ? "It takes none here" : `There are: ${known.join(", ")}`
  return new WindfallError(
    "invalid_input",
    `Cannot accept the query: there is no parameter "${name.slice(0, 100)}" here`,
    {
      hint: meant === undefined ? all : `Did you mean "${meant}"?`,
      details: { parameter: name.slice(0, 100), known },
    },
  )
}
