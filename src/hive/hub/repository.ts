import { WindfallError } from "../../protocol/errors.ts"

/** A repository of a model hub, as somebody names it. */
export interface Repository {
  /** "owner/name". */
  readonly name: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** Which of its models: a quantisation, a file, or "safetensors"; `null`: the one that is there. */
  readonly pick: string | null
}

const PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?$/
const USUAL_REVISION = "main"

/** Whether a text can mean a repository: owner/name, with a quantisation and a revision behind it. */
export function isRepository(typed: string): boolean {
  const [name = ""] = typed.replace(/^hf:/, "").split(/[:@]/, 1)
  return repositoryProblem(name) === null
}

/** Why a text cannot name a repository, or `null` when it can. */
export function repositoryProblem(name: string): string | null {
  const parts = name.split("/")
  const isGood =
    parts.length === 2 && parts.every((part) => PART.test(part) && !part.includes("..") && !part.includes("--"))
  return isGood ? null : "a repository is called OWNER/NAME, of letters, digits, dots, dashes and underscores"
}

/** Why a text cannot be a revision, or `null` when it can: what git takes for a branch or a tag, or a commit. */
export function revisionProblem(revision: string): string | null {
  const isGood =
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/.test(revision) && !revision.includes("..") && !revision.includes("//")
  return isGood ? null : "a revision is a branch, a tag or a commit"
}

/**
 * Reads `OWNER/NAME`, `OWNER/NAME:QUANT`, `OWNER/NAME@REVISION:QUANT`, with or without `hf:` before it.
 * @throws {WindfallError} invalid_input
 */
export function readRepository(typed: string): Repository {
  const match = /^(?:hf:)?(?<name>[^:@]*)(?:@(?<revision>[^:]*))?(?::(?<pick>.*))?$/s.exec(typed)
  const { name = "", revision = USUAL_REVISION, pick = null } = match?.groups ?? {}
  const problem =
    repositoryProblem(name) ?? revisionProblem(revision) ?? (pick === "" ? "nothing stands behind the colon" : null)
  if (problem === null) return { name, revision, pick }
  throw new WindfallError("invalid_input", `Cannot read ${JSON.stringify(typed.slice(0, 200))}: ${problem}`, {
    hint: "For instance Qwen/Qwen3-8B-GGUF:Q4_K_M, or mlx-community/Qwen3-8B-4bit",
  })
}
