import type { InviteView } from "../../protocol/api.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { formatTime } from "../render/age.ts"
import { printable, renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const inviteLs = command({
  name: "invite ls",
  operands: "",
  about: "Lists the invitations of the last weeks, and what became of them. Needs the admin role.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the invitations as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { invites } = await cli.client.get<{ invites: InviteView[] }>("/v1/invites")
    if (options.json) for (const invite of invites) await printJson(cli, invite)
    else {
      const titles = ["INVITATION", "OF", "BY", "STATE"].map((title) => ({ title }))
      const rows = invites.map((one) => [one.id, ofWhom(one), one.madeBy, stateOf(one, cli.clock.now())])
      await cli.stdout.write(renderTable(titles, rows))
    }
    return 0
  },
})

export const inviteRm = command({
  name: "invite rm",
  operands: "ID",
  about:
    "Makes an invitation useless. Its id is in windfall invite ls. Who has used it stays: windfall user rm. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {},
  examples: [],
  async run(cli, _options, [id = ""]) {
    await cli.client.delete(`/v1/invites/${encodeURIComponent(id)}`)
    await cli.stdout.write(`invitation ${id} is taken back\n`)
    return 0
  },
})

function ofWhom({ purpose, about }: InviteView): string {
  return purpose === "mac" ? `${printable(about)}'s Mac` : printable(about)
}

function stateOf({ usedAt, expiresAt }: InviteView, now: number): string {
  if (usedAt !== null) return `used ${formatTime(usedAt)}`
  return expiresAt <= now ? "expired" : `until ${formatTime(expiresAt)}`
}
