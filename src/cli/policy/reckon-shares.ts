import { WindfallError } from "../../protocol/errors.ts"
import { readShareDescription } from "../../scheduler/share-report/share-description.ts"
import { type ShareReport, shareReport } from "../../scheduler/share-report/share-report.ts"
import { describedJson } from "./described-json.ts"

/**
 * What follows from a described tree.
 * @throws {WindfallError} `invalid_input`, naming each place in it that is wrong
 */
export function reckonShares(text: string, name: string): ShareReport {
  const { description, problems } = readShareDescription(describedJson(text, name))
  const hint = "What such a file can say is in docs/policy-formats.md"
  if (problems !== null) {
    const lines = problems
      .slice(0, 20)
      .map(({ path, text: problem }) => (path === "" ? problem : `${path}: ${problem}`))
    if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`)
    const message =
      lines.length === 1
        ? `Cannot read ${name}: ${lines[0]}`
        : [`Cannot read ${name}: ${problems.length} problems`, ...lines].join("\n  ")
    throw new WindfallError("invalid_input", message, { hint, details: { problems } })
  }
  try {
    return shareReport(description)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new WindfallError("invalid_input", `Cannot reckon ${name}: ${error.message}`, { hint, cause: error })
  }
}
