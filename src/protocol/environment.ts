/** What a job's Python environment is made from. The sender finds it out, the host builds it. */

/**
 * What decides what is in an environment.
 * script: the metadata in a script's own comments (PEP 723); packages: only what the sender named; uv: no environment,
 * but Windfall's uv for a command that makes its own (`uv run x.py`).
 */
export const ENVIRONMENT_KINDS = ["uv.lock", "pyproject.toml", "requirements.txt", "script", "packages", "uv"] as const

export type EnvironmentKind = (typeof ENVIRONMENT_KINDS)[number]

export interface EnvironmentSpec {
  readonly kind: EnvironmentKind
  /** The files that decide, as paths in the workspace: first the one the kind is named for. Nothing else is seen by the build. */
  readonly files: readonly string[]
  /** Which Python, as uv reads it: "3.12", ">=3.10"; `null`: whatever fits. */
  readonly python: string | null
  /** Packages besides what the files say, as pip writes requirements. */
  readonly with: readonly string[]
  /** Lines for /bin/sh, run once when the environment is built. */
  readonly setup: readonly string[]
}

/** An environment may have so many of each. */
export const MAX_ENVIRONMENT_ENTRIES = 100
/** The oldest that the pinned uv builds environments for without a warning. */
const OLDEST_MINOR = 8

/** Why a text cannot ask for a Python, or `null` when it can. */
export function pythonProblem(text: string): string | null {
  const version = /^(?:cpython[-@]?)?(\d+)(?:\.(\d+))?(?:\.\d+)?$/.exec(text)
  if (version !== null) {
    const [, major, minor] = version
    if (major !== "3" || (minor !== undefined && Number(minor) < OLDEST_MINOR)) {
      return `Python ${text} is too old: 3.${OLDEST_MINOR} or newer`
    }
    return null
  }
  if (/^\s*(?:[<>=!~]=?=?\s*\d+(?:\.(?:\d+|\*))*\s*(?:,\s*|$))+$/.test(text)) return null
  return `${JSON.stringify(text.slice(0, 40))} is no version of Python: write for instance 3.12, or ">=3.10,<3.13"`
}

/** Most packages are built for these; of a range of versions the first that is in it is taken. */
const PREFERRED_MINORS = [12, 13, 11, 14, 10, 9, 8]
/** A bound like <=3.12 speaks of 3.12.0: what is taken is later. */
const LATE_PATCH = 9

/**
 * Which Python to get for what was asked: one version as it is, of a range the one that most packages are built for. A range that
 * has none of those is returned as it is.
 */
export function preferredPython(asked: string | null): string {
  if (asked !== null && /^[A-Za-z\d]/.test(asked)) return asked
  const clauses = (asked ?? "").split(",").filter((clause) => clause.trim() !== "")
  const minor = PREFERRED_MINORS.find((each) => clauses.every((clause) => fits([3, each, LATE_PATCH], clause.trim())))
  return minor === undefined ? (asked ?? "") : `3.${minor}`
}

function fits(version: readonly number[], clause: string): boolean {
  const [, operator = "", text = ""] = /^([<>=!~]+)\s*(.*)$/.exec(clause) ?? []
  const bound = text.split(".").map(Number)
  const isPrefix = text.endsWith(".*")
  const parts = isPrefix ? bound.slice(0, -1) : [...bound, 0, 0].slice(0, 3)
  const order = parts.map((part, i) => Math.sign((version[i] ?? 0) - part)).find((sign) => sign !== 0) ?? 0
  if (operator === "==" || operator === "===") return order === 0
  if (operator === "!=") return order !== 0
  if (operator === ">=") return order >= 0
  if (operator === ">") return order > 0
  if (operator === "<=") return order <= 0
  if (operator === "<") return order < 0
  const sameBefore = bound.slice(0, -1).every((part, i) => part === version[i])
  return operator === "~=" && order >= 0 && sameBefore
}

/** Why a text cannot be a package of an environment, or `null` when it can. A folder of the sender's is on no host. */
export function packageProblem(text: string): string | null {
  if (/^\s*$/.test(text) || text.includes("\0")) return "it is empty"
  if (text.startsWith("-")) return "an option is no package"
  if (/^[./~]/.test(text) || text.startsWith("file:")) return "a folder or file is not on the host: name a package"
  if (!/^[A-Za-z0-9]/.test(text)) return "a package's name starts with a letter or digit"
  return null
}

/**
 * The metadata that a script carries in comments (PEP 723), with its fences, or `null` when it has none. Each line is looked at
 * once, however many of them open a block that none closes.
 */
export function inlineMetadata(script: string): string | null {
  let start: number | null = null
  let at = 0
  for (const line of script.split("\n")) {
    const text = line.replace(/\r$/, "")
    if (start === null) {
      if (/^# \/\/\/ script[ \t]*$/.test(text)) start = at
    } else if (/^# \/\/\/[ \t]*$/.test(text)) return script.slice(start, at + text.length)
    else if (!/^#(?: |$)/.test(text)) start = null
    at += line.length + 1
  }
  return null
}
