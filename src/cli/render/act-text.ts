import { rulesHeldText } from "../../presence/rules-held.ts"
import type { OwnerView } from "../../protocol/owner-api.ts"
import { leverLine } from "./owner-text.ts"

/** What came of moving a lever through the server. @param rules names of the rules that were set or taken back, if any */
export function actText(view: OwnerView, rules: readonly string[]): string {
  if (rules.length === 0) return leverLine(view)
  return `${rulesHeldText(view.policy, view.preset, rules)}\n${leverLine(view)}`
}
