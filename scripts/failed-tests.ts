/**
 * A reporter for `node --test`: a line for each test that failed, `FILE:LINE NAME: what went wrong`, for the end of a run whose
 * output is long. A suite or file that failed only because a test in it did is not named again.
 */
import { relative } from "node:path"
import type { TestEvent } from "node:test/reporters"
import { ROOT } from "./source-files.ts"

const MAX_CHARACTERS = 300

/** What `node --test` puts around the error of a test. */
interface TestFailure extends Error {
  readonly failureType?: string
}

export default async function* failedTests(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== "test:fail") continue
    const { name, file = "", line = 0, details } = data
    const { failureType, cause }: TestFailure = details.error
    if (failureType === "subtestsFailed") continue
    const place = file === "" ? "" : `${relative(ROOT, file)}:${line} `
    const reason = cause instanceof Error ? cause.message : String(cause ?? details.error.message)
    yield `${place}${name}: ${reason}`.replace(/\s+/g, " ").slice(0, MAX_CHARACTERS).concat("\n")
  }
}
