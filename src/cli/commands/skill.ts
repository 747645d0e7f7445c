import { command } from "../command-line/command.ts"
import { renderSkill } from "../skill/skill-text.ts"

export const skill = command({
  name: "skill",
  operands: "",
  about:
    "Prints how a program that types commands, as a coding assistant does, should drive windfall: short and exact, in Markdown.",
  minimum: 0,
  maximum: 0,
  options: {},
  examples: [["windfall skill > SKILL.md", "where an assistant looks for it"]],
  async run(cli) {
    await cli.stdout.write(renderSkill())
    return 0
  },
})
