import assert from "node:assert/strict"
import type { Ended } from "./child.ts"

/** A refusal: exit code 2, what cannot be done, what to do; nothing on standard output. */
export function assertRefused({ exitCode, stdout, stderr }: Ended, message: RegExp, hint?: RegExp): void {
  assert.equal(exitCode, 2, stderr)
  assert.equal(stdout, "")
  assert.match(stderr, /^Cannot /)
  assert.match(stderr, message)
  if (hint !== undefined) assert.match(stderr.slice(stderr.indexOf("\n")), hint)
}
