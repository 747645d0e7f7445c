import { rulesHeldText } from "../../presence/rules-held.ts"
import { unwatchedRulesText } from "../../presence/unwatched-rules.ts"
import type { OwnerView } from "../../protocol/owner-api.ts"
import { leverLine } from "./owner-text.ts"

/** What came of moving a lever through the server. @param rules names of the rules that were set or taken back, if any */
export function actText(view: OwnerView, rules: readonly string[]): string {
  // Where it has left no rule holds from now on.
  if (rules.length === 0 || view.heard === "never") return leverLine(view)
  const none = view.presence?.state === "unwatched" ? unwatchedRulesText(view.name, rules) : null
  const held = rulesHeldText(view.policy, view.preset, rules)
  return `${held}\n${none === null ? "" : `${none}\n`}${leverLine(view)}`
}
