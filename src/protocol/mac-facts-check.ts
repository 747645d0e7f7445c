import type { MacFacts } from "./mac-facts.ts"
import { count, countOrNull, fail, list, number, object, type Raw, text, textOrNull } from "./raw-check.ts"

const TYPE = "hello facts.mac"
const MOST_KINDS = 10
const MOST_UNKNOWN = 50
const TEXTS = ["model", "modelName", "chip", "macosVersion", "macosBuild"] as const
const COUNTS = ["gpuCores", "memoryBytes", "gpuWiredLimitMb"] as const
const NUMBERS = ["bandwidthGbPerS", "fp32Tflops"] as const
const FORMS: readonly unknown[] = ["laptop", "desktop", null]
const VERDICTS: readonly unknown[] = ["accepted", "refused", null]

/** Checks the part of `hello` that says what a Mac is: a part of agent-check.ts. */
export function checkMacFacts(value: unknown): void {
  const raw: Raw & Partial<Record<keyof MacFacts, unknown>> = object(value, "hello facts", "mac")
  for (const field of TEXTS) textOrNull(raw, field, TYPE)
  for (const field of COUNTS) countOrNull(raw, field, TYPE)
  for (const field of NUMBERS) if (raw[field] !== null) number(raw, field, TYPE)
  if (!FORMS.includes(raw.formFactor)) fail(TYPE, "formFactor")
  if (!VERDICTS.includes(raw.verdict)) fail(TYPE, "verdict")
  if (raw.cores !== null) {
    for (const each of short(raw, "cores", MOST_KINDS)) {
      const kind = object(each, TYPE, "cores")
      textOrNull(kind, "kind", TYPE)
      count(kind, "count", TYPE)
    }
  }
  if (short(raw, "refusals", MOST_KINDS).some((reason) => typeof reason !== "string")) fail(TYPE, "refusals")
  for (const each of short(raw, "unknown", MOST_UNKNOWN)) {
    const unknown = object(each, TYPE, "unknown")
    for (const field of ["fact", "reason", "text"]) text(unknown, field, TYPE)
  }
}

function short(raw: Raw, field: string, most: number): readonly unknown[] {
  const all = list(raw, field, TYPE)
  if (all.length > most) fail(TYPE, field)
  return all
}
