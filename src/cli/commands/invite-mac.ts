import { CODE_LIFE_MS } from "../../protocol/api.ts"
import { readDuration } from "../../protocol/job-values.ts"
import type { MacInvite, MacInviteRequest } from "../../protocol/lending.ts"
import { command } from "../command-line/command.ts"
import { flag, list, notEmpty, value } from "../command-line/option.ts"
import { readLabels } from "../command-line/read-labels.ts"
import { formatTime } from "../render/age.ts"
import { printJson, say } from "../say.ts"

export const inviteMac = command({
  name: "invite mac",
  operands: "",
  about:
    "Prints one line to send to the owner of a Mac. Pasted into Terminal there, it says what it will do and waits for yes, sees to Remote Login, offers to make an account for jobs, lets this server's key in, and the Mac joins before the owner's eyes; at the end it prints the line that undoes all of it. Nobody types a password for Windfall or compares a fingerprint. The line works once. The server must be one that others reach: windfall up --lan. Needs the admin role.",
  minimum: 0,
  maximum: 0,
  options: {
    owner: value("NAME", "whose Mac it is", notEmpty),
    name: value("NAME", "what to call it (default: as it calls itself)", notEmpty, { short: "n" }),
    fleet: value("NAME", "the fleet it belongs to", notEmpty),
    label: list("NAME=VALUE", "a label, for instance room=2.14", { short: "l" }),
    expires: value(
      "DURATION",
      "the line is useless after this long (default 1d)",
      (text) => readDuration(text, CODE_LIFE_MS.minimum, CODE_LIFE_MS.maximum),
      { also: ["expiry"] },
    ),
    json: flag("print the invitation as JSON"),
  },
  examples: [["windfall invite mac --owner lena", "the line to send to lena"]],
  async run(cli, options) {
    const request: MacInviteRequest = {
      owner: options.owner ?? null,
      name: options.name ?? null,
      fleet: options.fleet ?? null,
      labels: readLabels(options.label),
      expiresInMs: options.expires ?? CODE_LIFE_MS.default,
    }
    const made = await cli.client.post<MacInvite>("/v1/invites/mac", request)
    if (options.json) {
      await printJson(cli, made)
      return 0
    }
    await cli.stdout.write(`${made.line}\n`)
    const whom = options.owner ?? "its owner"
    await say(cli, `for ${whom} to paste into Terminal on the Mac: it works once, until ${formatTime(made.expiresAt)}`)
    await say(cli, `take it back: windfall invite rm ${made.id}`)
    return 0
  },
})
