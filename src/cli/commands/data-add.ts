import { parseBytes } from "../../base/bytes.ts"
import type { DataPlaceRequest, StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, listOf, notEmpty, option, value } from "../command-line/option.ts"
import { addedText } from "../render/data-text.ts"
import { printJson } from "../say.ts"

/** Data is large by nature: more than a project is. */
const DEFAULT_WARN_BYTES = 10 * 1024 ** 3

export const dataAdd = command({
  name: "data add",
  operands: "NAME [DIR]",
  about:
    "Stores a folder under a name, for jobs sent with --data NAME: it lies on each host once, read-only, however many jobs use it. Only what is new travels; adding again makes a new version, and jobs keep the one they were sent with. Ignore files do not count here; .DS_Store, .git, .venv, node_modules and __pycache__ stay, and so do files of secrets (.env, id_rsa, *.pem...), unless --include names them. With --on HOST:PATH nothing travels: what lies on a host already, or on a share mounted there, is used where it is, by jobs that run on that host; refused where jobs could change it, unless --writable says that they may.",
  minimum: 1,
  maximum: 2,
  options: {
    on: value("HOST:PATH", "it lies there already; once for each host that has it", notEmpty),
    include: listOf("PATH", "send this although it looks like a secret (path or glob)", notEmpty),
    warnAbove: value("SIZE", "ask before more than this travels (default 10G); without a terminal: --yes", parseBytes),
    yes: flag("do not ask: send large folders, also a whole home folder", { short: "y" }),
    writable: flag("with --on: also where jobs could change what lies there"),
    // Not given, it leaves data that is there as it is.
    shared: option<boolean | null>(
      "flag",
      "",
      "everybody's jobs may use it; --no-shared: yours alone (the default)",
      (text) => text === "true",
      null,
      {},
    ),
    json: flag("print the data as JSON"),
  },
  examples: [
    ["windfall data add mnist ~/sets/mnist", "then: windfall send --data mnist -- python train.py"],
    ["windfall data add corpus --on studio-3:/Volumes/lab/corpus --shared", "what a Mac has mounted"],
  ],
  async run(cli, options, [name = "", folder]) {
    const problem = dataNameProblem(name)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot name data ${JSON.stringify(name)}: ${problem}`)
    if ((folder === undefined) === (options.on === undefined)) {
      const what = folder === undefined ? "neither a folder nor a host is named" : "both a folder and a host are named"
      throw new WindfallError("invalid_input", `Cannot add the data ${name}: ${what}`, {
        hint: `windfall data add ${name} DIR   or: windfall data add ${name} --on HOST:PATH`,
      })
    }
    const { shared, writable, include, yes, warnAbove: warnBytes = DEFAULT_WARN_BYTES } = options
    if (writable && options.on === undefined) {
      throw new WindfallError(
        "invalid_input",
        "Cannot let jobs write data of a folder that is stored: it is read-only",
        {
          hint: "Leave out --writable; it is for --on HOST:PATH",
        },
      )
    }
    const view =
      folder === undefined
        ? await addPlace(cli, name, options.on ?? "", { shared, writable })
        : await (await import("../data/send-data.ts")).sendData(cli, name, folder, { shared, include, warnBytes, yes })
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(addedText(view))
    return 0
  },
})

async function addPlace(
  cli: Cli,
  name: string,
  on: string,
  wishes: Pick<DataPlaceRequest, "shared" | "writable">,
): Promise<StoredDataView> {
  const colon = on.indexOf(":")
  if (colon < 1 || colon === on.length - 1) {
    throw new WindfallError("invalid_input", `Cannot read --on ${on}: it names no host and path`, {
      hint: "For instance --on studio-3:/Volumes/lab/corpus",
    })
  }
  const request: DataPlaceRequest = { host: on.slice(0, colon), path: on.slice(colon + 1), ...wishes }
  return cli.client.put<StoredDataView>(`/v1/data/${encodeURIComponent(name)}/place`, request)
}
