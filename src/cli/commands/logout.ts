import { command } from "../command-line/command.ts"
import { removeLogin } from "../config.ts"

export const logout = command({
  name: "logout",
  operands: "",
  about: "Forgets the stored login. The token itself stays valid: windfall token revoke ends it.",
  minimum: 0,
  maximum: 0,
  options: {},
  examples: [],
  async run(cli) {
    await cli.stdout.write(removeLogin(cli.settings) ? "The login is forgotten.\n" : "There was no login.\n")
    return 0
  },
})
