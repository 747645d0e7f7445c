import { WindfallError } from "../../protocol/errors.ts"
import { command } from "../command-line/command.ts"
import { SHELL_SCRIPTS, SHELLS } from "../complete/shell-scripts.ts"

export const completion = command({
  name: "completion",
  operands: SHELLS.join("|"),
  about:
    "Prints a script that lets Tab complete commands, options, the numbers and names of jobs, hosts, data, users and secrets, ids and states, the rules of Macs and their values. The windfall that is typed must be on PATH, or be typed with its path.",
  minimum: 1,
  maximum: 1,
  options: {},
  examples: [
    [`eval "$(windfall completion bash)"`, "in ~/.bashrc"],
    [`eval "$(windfall completion zsh)"`, "in ~/.zshrc, behind the line with compinit"],
    ["windfall completion fish | source", "in ~/.config/fish/config.fish"],
  ],
  async run(cli, _options, [typed = ""]) {
    const shell = SHELLS.find((one) => one === typed)
    if (shell === undefined) {
      throw new WindfallError("invalid_input", `Cannot complete in ${JSON.stringify(typed.slice(0, 40))}`, {
        hint: `One of: ${SHELLS.join(", ")}`,
      })
    }
    await cli.stdout.write(SHELL_SCRIPTS[shell])
    return 0
  },
})
