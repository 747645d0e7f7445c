import assert from "node:assert/strict"
import { test } from "node:test"
import { COMMAND_GROUPS, findCommand } from "../command-list.ts"
import { renderSkill, skillLines } from "../skill/skill-text.ts"
import type { Command } from "./command.ts"
import { renderManual } from "./manual.ts"
import { MANUAL_FACTS } from "./manual-facts.ts"
import { typedName } from "./option.ts"
import { parseOptions } from "./parse-options.ts"

const NAMES = Object.values(COMMAND_GROUPS).flatMap((group) => Object.keys(group))

async function load(name: string): Promise<Command> {
  const found = findCommand(name.split(" "))
  assert.ok(found !== undefined && found.rest.length === 0, `there is no command ${name}`)
  return found.load()
}

/** As the command line takes it. */
async function parses(line: string): Promise<void> {
  const [windfall, ...words] = line.replaceAll(/'([^']*)'|\.\.\.$/g, "quoted").split(/\s+/)
  assert.equal(windfall, "windfall", line)
  const found = findCommand(words)
  assert.ok(found !== undefined, `there is no such command: ${line}`)
  const command = await found.load()
  const { operands } = parseOptions(found.rest, command.options, { operandsEnd: command.operandsEnd ?? false })
  assert.ok(operands.length >= command.minimum && operands.length <= command.maximum, line)
}

test("every manual page fits 80 columns and has every option, what it is by default, and exit codes", async () => {
  for (const name of NAMES) {
    const command = await load(name)
    const page = renderManual(command, 80)
    for (const line of page.split("\n")) {
      assert.ok(line.length <= 80 || command.examples.some(([example]) => line.includes(example)), `${name}: ${line}`)
    }
    for (const key of Object.keys(command.options)) assert.ok(page.includes(`--${typedName(key)}`), `${name}: ${key}`)
    const options = /^Options\n([\s\S]*?)\n\n/m.exec(page)?.[1] ?? ""
    const defaults = options.match(/\bdefault\b/g)?.length ?? 0
    assert.ok(defaults >= Object.keys(command.options).length, `${name}: an option lacks its default`)
    assert.match(page, /^Exit codes\n/m)
  }
})

test("what manual pages add names only what there is", async () => {
  for (const [name, { seeAlso = [] }] of Object.entries(MANUAL_FACTS)) {
    await load(name)
    for (const other of seeAlso) await load(other)
  }
})

test("every line that the skill tells to type parses, and every command has its line", async () => {
  const lines = skillLines()
  assert.ok(lines.length > 10)
  for (const line of lines) await parses(line)
  const text = renderSkill()
  for (const line of lines) assert.ok(text.includes(`    ${line}\n`))
  for (const name of ["send", "host ls", "forward", "skill"]) assert.ok(text.includes(`- \`${name}\`: `))
  assert.equal(text.includes("ssh-proxy"), false)
  assert.ok(text.length < 8_500, "an assistant reads it every time")
})

test("a line of the skill that goes stale is found", async () => {
  await assert.rejects(parses("windfall send --no-such-option -- true"))
  await assert.rejects(parses("windfall wait"))
})
