import { CODE_LIFE_MS, type UserInvite } from "../../protocol/api.ts"
import { readDuration } from "../../protocol/job-values.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { readRole } from "../command-line/read-role.ts"
import { formatTime } from "../render/age.ts"
import { printJson, say } from "../say.ts"

export const userInvite = command({
  name: "user invite",
  operands: "NAME",
  about:
    "Prints one line to send to somebody. Pasted into a terminal it installs this release's command line with a Node of its own into their home folder, without admin rights, and logs them in: as a new user, or, of a user there is, on one more machine. The line works once. The server must be one that others reach: windfall up --lan. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {
    role: value("ROLE", "user (default), or admin", readRole),
    expires: value("DURATION", "the line is useless after this long (default 1d)", readLife, { also: ["expiry"] }),
    json: flag("print the invitation as JSON"),
  },
  examples: [["windfall user invite anna --expires 2h", "the line to send to anna"]],
  async run(cli, options, [name = ""]) {
    const made = await cli.client.post<UserInvite>("/v1/invites/user", {
      user: name,
      role: options.role ?? null,
      expiresInMs: options.expires ?? CODE_LIFE_MS.default,
    })
    if (options.json) await printJson(cli, made)
    else {
      await cli.stdout.write(`${made.line}\n`)
      const until = formatTime(made.expiresAt)
      await say(
        cli,
        `for ${name} alone to paste into a terminal: it works once, until ${until}, and is not shown again`,
      )
      await say(cli, `take it back: windfall invite rm ${made.id}`)
    }
    return 0
  },
})

function readLife(text: string): number {
  return readDuration(text, CODE_LIFE_MS.minimum, CODE_LIFE_MS.maximum)
}
