import type { UserView } from "../../protocol/api.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { readRole } from "../command-line/read-role.ts"
import { askYes } from "../prompt.ts"
import { formatTime } from "../render/age.ts"
import { renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const userAdd = command({
  name: "user add",
  operands: "NAME",
  about: "Gives somebody an account. They log in with a token: windfall token create. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {
    role: value("ROLE", "user (default), or admin", readRole),
    json: flag("print the account as JSON"),
  },
  examples: [["windfall user add mia && windfall token create mia", "an account and its first token"]],
  async run(cli, options, [name = ""]) {
    const user = await cli.client.post<UserView>("/v1/users", { name, role: options.role ?? "user" })
    if (options.json) await printJson(cli, user)
    else
      await cli.stdout.write(
        `${user.name} (${user.role}) may log in. Make a token: windfall token create ${user.name}\n`,
      )
    return 0
  },
})

export const userLs = command({
  name: "user ls",
  operands: "",
  about: "Lists the accounts.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the accounts as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { users } = await cli.client.get<{ users: UserView[] }>("/v1/users")
    if (options.json) for (const user of users) await printJson(cli, user)
    else {
      const rows = users.map((user) => [user.name, user.role, formatTime(user.createdAt)])
      await cli.stdout.write(renderTable([{ title: "USER" }, { title: "ROLE" }, { title: "SINCE" }], rows))
    }
    return 0
  },
})

export const userRm = command({
  name: "user rm",
  operands: "NAME",
  about:
    "Removes an account; its tokens become useless at once. Its jobs must have ended; they stay under its name, which nobody gets again (unless there were none). Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: { yes: flag("do not ask", { short: "y" }) },
  examples: [],
  async run(cli, options, [name = ""]) {
    if (
      !options.yes &&
      cli.isInteractive &&
      !(await askYes(cli, `Remove the account ${name} for good? Nobody gets its jobs, nor the name if there are any.`))
    ) {
      await cli.stderr.write("Nothing was changed.\n")
      return 2
    }
    await cli.client.delete(`/v1/users/${encodeURIComponent(name)}`)
    await cli.stdout.write(`${name} is removed\n`)
    return 0
  },
})
