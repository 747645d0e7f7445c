import { WindfallError } from "../../protocol/errors.ts"
import { fileProblemsError } from "../../protocol/file-problems.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { MAX_POLICY_BYTES } from "../../scheduler/policy/policy-yaml.ts"
import { readPolicy } from "../../scheduler/policy/read-policy.ts"
import type { Cli } from "../cli.ts"
import { type InputKind, inputName, readInput } from "../read-input.ts"

const HINT = "What a policy file can say is in docs/policy-file.md"

const POLICY_FILE: InputKind = {
  what: "a policy file",
  maxBytes: MAX_POLICY_BYTES,
  tooLarge: (name) =>
    new WindfallError("too_large", `Cannot read ${name}: a policy file may have 4 MB`, { hint: HINT }),
  missingHint: HINT,
}

/**
 * A policy file that somebody named, or `-`: as it was written, and as it was understood.
 * @throws {WindfallError} when it is not there, or not good: with line and column of all that is wrong
 */
export function readPolicyInput(cli: Cli, file: string): { readonly text: string; readonly policy: Policy } {
  const text = readInput(cli, file, POLICY_FILE)
  const { policy, problems } = readPolicy(text)
  if (problems !== null) throw fileProblemsError(inputName(file), problems, HINT)
  return { text, policy }
}
