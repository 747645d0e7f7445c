import { createHash } from "node:crypto"
import type { EnvironmentSpec } from "../protocol/environment.ts"
import { UV_VERSION } from "../protocol/uv.ts"

/** A file that decides, as the build gets to see it. */
export interface DecidingFile {
  /** Relative, as in the workspace. */
  readonly path: string
  readonly content: Uint8Array
}

/**
 * Names an environment by all that decides what is in it: the same name is the same environment.
 * @param system what binaries must fit: platform, architecture, and the C library or major release of macOS
 * @param variables what the sender told uv
 */
export function environmentKey(
  { kind, python, with: packages, setup }: EnvironmentSpec,
  files: readonly DecidingFile[],
  system: string,
  variables: Readonly<Record<string, string>>,
): string {
  const hash = createHash("sha256")
  const named = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))
  hash.update(JSON.stringify([1, UV_VERSION, system, kind, python, packages, setup, named]))
  for (const { path, content } of files) hash.update(`\0${JSON.stringify(path)} ${content.length}\0`).update(content)
  return hash.digest("hex").slice(0, 32)
}

/** What of a job's variables is for uv: the build gets these, and no others of the sender's. */
export function uvVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("UV_")))
}
