import { checkRuleName, readPolicy } from "../../presence/policy-values.ts"
import { WindfallError } from "../../protocol/errors.ts"

/**
 * Reads rules as they are typed: `RULE=VALUE` as often as wanted, or one `RULE VALUE...`; and those that are taken back.
 * @throws {WindfallError} `invalid_input` naming the rule and how to write it
 */
export function readRules(words: readonly string[], unset: readonly string[]): Record<string, string | null> {
  const [first = "", ...rest] = words
  // `--unset RULE` takes one name: who means several would set the second to the third.
  if (unset.length > 0 && words.length > 0) {
    throw new WindfallError("invalid_input", `Cannot set ${first} and take ${unset.join(", ")} back at once`, {
      hint: `To take several back: ${[...unset, ...words].map((name) => `--unset ${name}`).join(" ")}`,
    })
  }
  const isOne = words.length > 0 && !first.includes("=")
  const pairs = isOne ? [[first, rest.join(" ")] as const] : words.map(splitRule)
  if (isOne) {
    checkRuleName(first)
    if (rest.length === 0) {
      throw new WindfallError("invalid_input", `Cannot set ${first}: its value is missing`, {
        hint: `See what holds now: windfall mac rules; take it back: --unset ${first}`,
      })
    }
  }
  for (const name of unset) checkRuleName(name)
  readPolicy(Object.fromEntries(pairs))
  return Object.fromEntries([...pairs, ...unset.map((name) => [name, null] as const)])
}

/** The rule after `--unset`. @throws {SyntaxError} where another option stands in its place */
export function readUnset(text: string): string {
  if (text.startsWith("-")) throw new SyntaxError("the rule is missing that is to be taken back, as in --unset who")
  if (text.trim() === "") throw new SyntaxError("it is empty")
  return text
}

function splitRule(word: string): readonly [string, string] {
  const at = word.indexOf("=")
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
  throw new WindfallError("invalid_input", `Cannot read ${JSON.stringify(word.slice(0, 60))}: it is no rule`, {
    hint: "Write several as RULE=VALUE, for instance on_return=vacate vacate_after=10m",
  })
}
