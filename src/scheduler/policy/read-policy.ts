import type { FileProblem } from "../../protocol/file-problems.ts"
import { type Path, pathText } from "../described/codec.ts"
import { checkPolicy } from "./check-policy.ts"
import { completePolicy } from "./complete-policy.ts"
import type { Policy } from "./policy.ts"
import { policyCodec } from "./policy-codec.ts"
import { readPolicyText } from "./policy-yaml.ts"

/** All or nothing: a policy that can be applied as it is, or all that is wrong with the file. */
export type PolicyReading =
  | { readonly policy: Policy; readonly problems: null }
  | { readonly policy: null; readonly problems: readonly FileProblem[] }

/** Reads a policy file. Whatever it holds, it is answered: nothing is thrown. */
export function readPolicy(text: string): PolicyReading {
  const { value, report, problems } = readPolicyText(text)
  const reportNamed = (path: Path, problem: string, on?: "key" | "value") =>
    report(path, path.length === 0 ? problem : `${pathText(path)}: ${problem}`, on)
  const refused = (): PolicyReading => ({
    policy: null,
    problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
  })
  if (value === null && problems.length > 0) return refused()
  const read = policyCodec.read(value, [], reportNamed)
  if (read === undefined) return refused()
  const policy = completePolicy(read, value, reportNamed)
  checkPolicy(policy, reportNamed)
  return problems.length > 0 ? refused() : { policy, problems: null }
}
