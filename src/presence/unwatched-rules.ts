/** Rules that come from who is at a host, its power or its display, of which nothing is known where nobody is looked for (Linux). */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "start_after_idle",
  "resume_after_idle",
  "on_battery",
  "low_power_mode",
  "display",
])

/**
 * What rules do on a host where nobody is looked for, in whole sentences; `null` where they do all they say.
 * @param names of rules that were set just now
 */
export function unwatchedRulesText(host: string, names: readonly string[]): string | null {
  const idle = names.filter((name) => WITHOUT_EFFECT.has(name))
  const sentences = []
  if (idle.length > 0) sentences.push(`${idle.join(" and ")} ${idle.length === 1 ? "has" : "have"} no effect there`)
  // A pause asks it, too (demand.ts).
  if (names.includes("on_return")) sentences.push("on_return has no effect there but on what a pause does to jobs")
  return sentences.length === 0 ? null : `${host} is no Mac, so nobody is looked for: ${sentences.join("; ")}.`
}
