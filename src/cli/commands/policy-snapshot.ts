import * as fs from "node:fs"
import { resolve } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import type { SnapshotView } from "../../protocol/policy-api.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { say } from "../say.ts"

export const policySnapshot = command({
  name: "policy snapshot",
  operands: "",
  about:
    "Writes the pool as it is in this moment, as policy plan reads it: hosts, jobs, bookings, usage, policy, times at which people are usually there. For a bug report, with names masked. Its plan is the server's. Needs the admin role.",
  minimum: 0,
  maximum: 0,
  options: {
    out: value("FILE", "write it there, to a new file that only you can read (default: standard output)", notEmpty),
    mask: flag("other names for users, accounts, hosts, jobs, labels, bookings and data, and no texts from hosts"),
  },
  examples: [
    ["windfall policy snapshot --mask --out pool.json", "for a bug report"],
    ["windfall policy snapshot | windfall policy plan -", "the plan of this moment, host by host"],
  ],
  async run(cli, { out, mask }) {
    const { snapshot } = await cli.client.get<SnapshotView>("/v1/policy/snapshot", { query: { mask: String(mask) } })
    const text = `${JSON.stringify(snapshot, null, 1)}\n`
    if (out === undefined) {
      await cli.stdout.write(text)
      return 0
    }
    writeNew(resolve(cli.cwd, out), text)
    await say(
      cli,
      `${out}: ${mask ? "names are masked; look through it before you send it" : "with all names as they are; --mask hides them"}`,
    )
    return 0
  },
})

function writeNew(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text, { mode: 0o600, flag: "wx" })
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST"
    const reason = isThere ? "there is a file of that name" : (error as Error).message
    throw new WindfallError("invalid_input", `Cannot write ${file}: ${reason}`, {
      hint: isThere ? "Name another one, or remove it first" : "Name another file with --out",
      cause: error,
    })
  }
}
