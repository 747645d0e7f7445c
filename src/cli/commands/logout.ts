import { command } from "../command-line/command.ts"
import { type Login, readLogin, removeLogin, type Settings } from "../config.ts"
import { closeSshWay } from "../ssh-way/ssh-way.ts"

export const logout = command({
  name: "logout",
  operands: "",
  about: "Forgets the stored login. The token itself stays valid: windfall token revoke ends it.",
  minimum: 0,
  maximum: 0,
  options: {},
  examples: [],
  async run(cli) {
    closeSshWay(storedLogin(cli.settings))
    await cli.stdout.write(removeLogin(cli.settings) ? "The login is forgotten.\n" : "There was no login.\n")
    return 0
  },
})

function storedLogin(settings: Settings): Pick<Login, "socket"> {
  try {
    return readLogin(settings) ?? {}
  } catch {
    // A damaged one is forgotten like any other.
    return {}
  }
}
