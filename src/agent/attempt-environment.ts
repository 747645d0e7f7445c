import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { readIfThere } from "./own-file.ts"

/** What an attempt uses of the host's environments. Kept in its folder: who opens a shell beside it needs it, and so does who makes room. */
export interface AttemptEnvironment {
  /** Windfall's uv. */
  readonly uv: string
  /** The environment's folder; `null` for a job that uses uv alone. */
  readonly place: string | null
  /** The folder of the project's own packages, for PYTHONPATH. */
  readonly sources: string | null
}

const FILE = "environment.json"

export function writeEnvironment(folder: string, environment: AttemptEnvironment): void {
  writeFileSync(join(folder, FILE), JSON.stringify(environment), { mode: 0o600 })
}

/** `null` where there is none, or it cannot be read. */
export function readEnvironment(folder: string): AttemptEnvironment | null {
  try {
    const found = JSON.parse(readIfThere(join(folder, FILE)) ?? "null") as Partial<AttemptEnvironment> | null
    if (typeof found?.uv !== "string") return null
    const { uv, place, sources } = found
    return {
      uv,
      place: typeof place === "string" ? place : null,
      sources: typeof sources === "string" ? sources : null,
    }
  } catch {
    return null
  }
}
