import { MODELS } from "./model-map.ts"

/**
 * A model's name without what is told beside it: "Mac Studio 2025" of "Mac Studio (M3 Ultra, 2025)". In parentheses Apple has the
 * chip, and sometimes the number of ports.
 */
export function shortModelName(name: string): string {
  const match = /^(.*?) \((.*)\)$/.exec(name)
  if (match === null) return name
  const [, head = "", inside = ""] = match
  const kept = inside.split(", ").filter((part) => !/\bM\d|\bports$/.test(part))
  return [head, ...kept].join(" ")
}

/** The model of an identifier, for people: "Mac Studio 2025" of "Mac15,14"; the identifier where the tables do not have it. */
export function nameOfModel(identifier: string): string {
  const row = MODELS.get(identifier)
  return row === undefined ? identifier : shortModelName(row.name)
}

/** "M3 Ultra" of "Apple M3 Ultra"; other names stay. */
export function shortChipName(chip: string): string {
  return chip.replace(/^Apple (?=M\d)/, "")
}
