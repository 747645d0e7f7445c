import type * as z from "zod"
import { formatBytes } from "../../base/bytes.ts"
import { closest } from "../../base/closest.ts"
import { durationText } from "../../base/duration.ts"

type Issue = Parameters<z.core.$ZodErrorMap>[0]

/** What is wrong with a value, in words that follow its name; `undefined` for what says so itself. */
export function issueText(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${KINDS[issue.expected] ?? `a ${issue.expected}`}`
    case "too_small":
      return `${boundText(issue, issue.minimum)} or more`
    case "too_big":
      return `${boundText(issue, issue.maximum)} at most`
    case "unrecognized_keys":
      return `has no field ${issue.keys.map((key) => `"${key.slice(0, 100)}"`).join(", ")}`
    case "invalid_key":
      return issue.issues[0]?.message
    case "invalid_value":
      return issue.input === undefined
        ? "is missing"
        : `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`
    default:
      return undefined
  }
}

/** Of a field that there is not: the one that is meant where one is near, else all there are. */
export function fieldsHint({ code, inst, ...issue }: Issue): string | undefined {
  if (code !== "unrecognized_keys") return undefined
  const known = Object.keys((inst as z.ZodObject | undefined)?.shape ?? {})
  const [key = ""] = (issue as { keys?: readonly string[] }).keys ?? []
  const meant = closest(key.slice(0, 100), known)
  if (meant !== undefined) return `Did you mean "${meant}"?`
  return known.length === 0 ? "It takes none here" : `There are: ${known.join(", ")}`
}

const KINDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
}

/** A bound as the API has it, and in people's units where its name tells which it is in. */
function boundText({ origin, path }: Issue & { readonly origin?: string }, bound: number | bigint): string {
  if (origin === "string") return `must have ${bound} ${bound === 1 ? "character" : "characters"}`
  if (origin === "array" || origin === "set") return `must have ${bound} ${bound === 1 ? "entry" : "entries"}`
  const name = String(path?.at(-1) ?? "")
  if (name.endsWith("Ms")) return `must be ${bound} (${durationText(Number(bound))})`
  return name.endsWith("Bytes") ? `must be ${bound} (${formatBytes(Number(bound))})` : `must be ${bound}`
}
