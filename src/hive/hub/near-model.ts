import { closest } from "../../base/closest.ts"
import { usualDataName } from "./data-name.ts"
import { isRepository, readRepository } from "./repository.ts"

/** The name that is typed most alike; of a repository of a hub also what it would be called here. `undefined`: none is near. */
export function nearModel(typed: string, names: readonly string[]): string | undefined {
  const near = closest(typed, names)
  if (near !== undefined || !isRepository(typed)) return near
  return closest(readUsualName(typed), names)
}

/** How what is named like a repository of a hub comes into the lab; `null` for other names. */
export function bringText(typed: string): string | null {
  return isRepository(typed)
    ? `A repository of a model hub is brought into the lab first: windfall model pull ${typed}   which says how it is served then`
    : null
}

/**
 * What to do about a name that is not known.
 * @param otherwise where it is near to none, and no repository
 */
export function unknownHint(typed: string, names: readonly string[], otherwise: string): string {
  const near = nearModel(typed, names)
  const bring = bringText(typed)
  if (near === undefined) return bring ?? otherwise
  return `Did you mean ${near}?${bring === null ? "" : ` ${bring}`}`
}

function readUsualName(typed: string): string {
  try {
    const { name, pick } = readRepository(typed)
    return usualDataName(name, pick)
  } catch {
    // Of what stands behind it, something is no revision.
    return typed
  }
}
