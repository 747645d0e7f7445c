import { entriesOf, type Path, pathText, plainKey, type Report } from "../described/codec.ts"
import { readPolicyText } from "../policy/policy-yaml.ts"
import type { QueueScene } from "../queue/queue-scene.ts"
import { buildScene } from "./build-scene.ts"
import { sceneCodec } from "./described-scene.ts"
import { readFilePolicy, withNamed } from "./file-policy.ts"
import { moment } from "./moment-codecs.ts"

/** All or nothing: a scene and its moment, or all that is wrong with the file, each with the path of the value. */
export type SceneReading =
  | { readonly scene: QueueScene; readonly nowMs: number; readonly estimates: boolean; readonly problems: null }
  | { readonly scene: null; readonly problems: readonly string[] }

/** Read before the rest, or for people and tests only. */
const IN_FILE_ONLY = ["now", "policy", "about", "expected"]

/**
 * Reads a described cluster, queue and moment: JSON, or YAML with the same keys. Whatever it holds, it is answered: nothing is thrown.
 */
export function readScene(text: string): SceneReading {
  const problems: string[] = []
  const value = plainValue(text, problems)
  const refused = (): SceneReading => ({ scene: null, problems })
  if (problems.length > 0) return refused()
  const entries = entriesOf(value)
  if (entries === null) return { scene: null, problems: ["it must be one mapping with the keys now, hosts and jobs"] }
  const report: Report = (path: Path, problem) => {
    problems.push(path.length === 0 ? problem : `${pathText(path)}: ${problem}`)
  }
  const of = (...names: readonly string[]) => entries.find(([key]) => names.includes(plainKey(key)))
  const rest = new Map(entries.filter(([key]) => !IN_FILE_ONLY.includes(plainKey(key))))
  const now = of("now")
  const nowMs = now === undefined ? 0 : moment(0).read(now[1], ["now"], report)
  const said = of("policy")?.[1]
  const policy = readFilePolicy(said, report)
  const described = sceneCodec(nowMs ?? 0).read(rest, [], report)
  if (now === undefined)
    report(["now"], "is missing: the moment of the plan, as 2026-03-01T09:00:00Z or in seconds since 1970")
  if (problems.length > 0 || described === undefined || nowMs === undefined) return refused()
  const scene = buildScene(withNamed(policy, said, described), described, nowMs, report)
  if (problems.length > 0) return refused()
  return { scene, nowMs, estimates: described.estimates, problems: null }
}

function plainValue(text: string, problems: string[]): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: YAML, whose reader also says where JSON is broken.
    const read = readPolicyText(text)
    for (const { line, column, text: problem } of read.problems)
      problems.push(`line ${line}, column ${column}: ${problem}`)
    return read.value
  }
}
