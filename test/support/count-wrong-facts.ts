import type { Fact, KnownFact } from "../../src/facts/fact.ts"
import type { FactName } from "../../src/facts/fact-names.ts"
import { readOutput } from "../../src/facts/read-output.ts"
import { mutate, randomOf } from "./mutate-text.ts"

interface Sample {
  readonly hint: string
  readonly text: string
}

/**
 * Facts about things that people name as they like: services, machines, volumes, network services. Nothing tells a damaged name
 * from one that is odd, so a name that the original does not have is no wrong value; a wrong value of a name it has, is.
 */
const OF_FREE_NAMES: ReadonlySet<FactName> = new Set(["serviceStatus", "sshService", "serviceState"])

/** Damages samples `count` times and lists the facts that are neither unknown nor as the undamaged sample has them. */
export function countWrong(
  samples: readonly Sample[],
  { count, seed }: { count: number; seed: number },
): { wrong: string[]; known: number } {
  const random = randomOf(seed)
  const originals = samples.map(({ hint, text }) => ({
    hint,
    text,
    facts: new Map(
      readOutput(text, { hint })
        .sheet.facts()
        .map((fact) => [idOf(fact), fact]),
    ),
  }))
  const wrong: string[] = []
  let known = 0
  for (let i = 0; i < count; i++) {
    const original = originals[i % originals.length]
    if (original === undefined) break
    const { text, what } = mutate(original.text, random)
    // Half of them without their name, so that what they are is told by their damaged content.
    const { sheet } = readOutput(text, random() < 0.5 ? { hint: original.hint } : {})
    for (const fact of sheet.facts()) {
      if (!fact.known) continue
      known++
      const before = original.facts.get(idOf(fact))
      if (!isRight(fact, before))
        wrong.push(`seed ${seed}, ${i}: ${original.hint}, ${what}: ${idOf(fact)} = ${fact.value}`)
    }
  }
  return { wrong, known }
}

function isRight(fact: KnownFact, before: Fact | undefined): boolean {
  if (before?.known === true) return JSON.stringify(before.value) === JSON.stringify(fact.value)
  const isFree = OF_FREE_NAMES.has(fact.name) || fact.of?.startsWith("/Volumes/") === true
  return before === undefined && isFree
}

function idOf({ name, of }: Fact): string {
  return of === undefined ? name : `${name} ${of}`
}
