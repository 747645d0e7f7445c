import type { DoctorFinding, DoctorReport } from "../../protocol/api.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { fs } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { loginFile } from "../config.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { findHost } from "./host-show.ts"

const MARKS: Readonly<Record<DoctorFinding["level"], string>> = {
  ok: "ok      ",
  note: "note    ",
  warning: "warning ",
  problem: "PROBLEM ",
  unknown: "unknown ",
}

export const doctor = command({
  name: "doctor",
  operands: "[HOST]",
  about:
    "Looks for what is wrong, here, on the server and on its hosts, and says what to do; of one host it goes through all that makes it a good one. Changes nothing. The exit code is 1 when there is a problem.",
  minimum: 0,
  maximum: 1,
  options: {
    json: flag("print the findings as JSON, one a line"),
    record: value(
      "FOLDER",
      "write what the Mac's commands print into a new folder, without what tells of its people",
      notEmpty,
    ),
  },
  examples: [
    ["windfall doctor mac-2", "one host, item by item"],
    ["windfall doctor mac-2 --record mac-2", "a Mac that is read wrongly, to send in"],
  ],
  async run(cli, options, [host]) {
    const { record, json } = options
    if (record !== undefined) {
      if (host !== undefined) return (await import("../doctor/record-host.ts")).recordHost(cli, host, record, json)
      throw new WindfallError("invalid_input", "Cannot record: no host is named", {
        hint: "For instance: windfall doctor mac-2 --record mac-2",
      })
    }
    const findings =
      host === undefined
        ? [...localFindings(cli), ...(await serverFindings(cli))]
        : (await cli.client.get<DoctorReport>(`/v1/hosts/${(await findHost(cli, host)).id}/doctor`)).findings
    if (options.json) for (const finding of findings) await printJson(cli, finding)
    else for (const finding of findings) await cli.stdout.write(findingText(finding))
    return findings.some((finding) => finding.level === "problem") ? 1 : 0
  },
})

function localFindings(cli: Cli): DoctorFinding[] {
  const file = loginFile(cli.settings)
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return []
  const open = (stat.mode & 0o077) !== 0
  return [
    {
      subject: "here",
      code: "login_file",
      level: open ? "problem" : "ok",
      text: open ? `others can read your token in ${file}` : `your token is in ${file}, readable by you alone`,
      fix: open ? `chmod 600 ${file}   and then make a new token: windfall token create` : null,
    },
  ]
}

/** A server that cannot be asked is a finding like any other. */
async function serverFindings(cli: Cli): Promise<readonly DoctorFinding[]> {
  try {
    return (await cli.client.get<DoctorReport>("/v1/doctor")).findings
  } catch (thrown) {
    const error = toWindfallError(thrown, "ask the server")
    return [{ subject: "server", code: error.code, level: "problem", text: error.message, fix: error.hint ?? null }]
  }
}

/** A finding for people: what, and below it what to do. */
export function findingText(finding: DoctorFinding): string {
  const fix = finding.fix === null ? "" : `          ${printable(finding.fix)}\n`
  return `${MARKS[finding.level] ?? "unknown "}  ${printable(finding.subject)}: ${printable(finding.text)}\n${fix}`
}
