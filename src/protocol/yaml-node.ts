import { isAlias, isMap, isScalar, isSeq } from "yaml"

/** A scalar as it was written: `1.10` stays that, `yes` stays that, and `30` is still without a unit. */
export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined
  if (typeof node.value === "string") return node.value
  return node.source ?? String(node.value)
}

export function offsetOf(node: unknown): number {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined
  return range?.[0] ?? 0
}
