import { neverTravels } from "./built-in-rules.ts"
import type { ScanRules } from "./scan.ts"

/**
 * What of a folder of data travels: everything but what is made for one machine alone (.DS_Store and the like). Ignore files say
 * what does not belong to a project; of data the folder itself was named.
 */
export const DATA_RULES: ScanRules = {
  top: () => ({ fingerprint: "data" }),
  enter: (parent) => parent,
  decide: (_, name) =>
    neverTravels(name) ? { why: "never", rule: name, source: "built in", enterFor: false } : undefined,
}
