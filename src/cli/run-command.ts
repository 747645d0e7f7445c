import { toWindfallError, WindfallError } from "../protocol/errors.ts"
import { fs } from "./builtin.ts"
import type { Cli } from "./cli.ts"
import { parseOptions } from "./command-line/parse-options.ts"
import { checkWhole } from "./command-line/whole-words.ts"
import { findCommand, isRoom } from "./command-list.ts"
import { detachedFolder } from "./config.ts"
import { printableLines } from "./render/table.ts"
import { printJson, sayError } from "./say.ts"

/** Runs what was typed and returns the exit code. Whatever goes wrong is said on standard error, here and nowhere else. */
export async function runCommand(cli: Cli, words: readonly string[]): Promise<number> {
  try {
    return await dispatch(cli, words)
  } catch (thrown) {
    if (thrown instanceof ExitError) return thrown.exitCode
    const error = toWindfallError(thrown, "do that")
    await tellError(cli, error, words)
    return error.exitCode
  }
}

/** Ends a command with an exit code, after everything to be said has been said. */
export class ExitError extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

async function dispatch(cli: Cli, words: readonly string[]): Promise<number> {
  checkWhole(words)
  const [first] = words
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const asked = first === "help" && !isRoom(words.slice(1)) ? findCommand(words.slice(1)) : undefined
    if (asked !== undefined) {
      const { renderManual } = await import("./command-line/manual.ts")
      await cli.stdout.write(renderManual(await asked.load(), cli.stdout.columns))
      return 0
    }
    const { renderOverview, renderRoom, unknownCommand } = await import("./command-line/overview.ts")
    const group = words[1] === undefined ? undefined : await renderRoom(words[1], cli.stdout.columns)
    const about = words[1] !== undefined && !words[1].startsWith("-")
    const isWrong = group === undefined || (words[2] !== undefined && !words[2].startsWith("-"))
    if (first === "help" && about && isWrong) throw unknownCommand(words.slice(1))
    await cli.stdout.write(group ?? renderOverview(cli.stdout.columns))
    return first === undefined ? 2 : 0
  }
  const found = findCommand(words)
  const isHelp = words[1] === "--help" || words[1] === "-h"
  // A second word that is no command of that room is taken for a mistake; "data" alone takes none.
  if (found === undefined || (isRoom(words) && (isHelp || words[1]?.startsWith("-") === false))) {
    const { renderRoom, unknownCommand } = await import("./command-line/overview.ts")
    const group = isHelp ? await renderRoom(first, cli.stdout.columns) : undefined
    if (group === undefined) throw unknownCommand(words)
    await cli.stdout.write(group)
    return 0
  }
  const command = await found.load()
  const { name } = command
  const line = command.elsewhere?.(found.rest)
  if (line !== undefined) {
    throw new WindfallError("invalid_input", `Cannot read ${found.rest[0]}: there is no such option`, {
      hint: `Here it is: ${line.slice(0, 200)}`,
    })
  }
  const parsed = parseOptions(found.rest, command.options, {
    operandsEnd: command.operandsEnd ?? false,
    command: name,
  })
  if (parsed.help) return showHelp(cli, found.load)
  const { operands } = parsed
  if (operands.length < command.minimum || operands.length > command.maximum) {
    throw new WindfallError(
      "invalid_input",
      operands.length < command.minimum
        ? `Cannot run windfall ${name}: ${command.operands} is missing`
        : `Cannot run windfall ${name}: ${JSON.stringify(operands[command.maximum]?.slice(0, 60))} is one word too many`,
      { hint: `Usage: windfall ${name} ${command.operands}`.trimEnd() },
    )
  }
  const sayWaiting = parsed.options.quiet === true || found.hidden ? undefined : await lookForWaiting(cli)
  const exitCode = await command.run(cli, parsed.options, operands)
  // Only a reminder: whatever goes wrong with it must not become this command's failure.
  await sayWaiting?.().catch(() => undefined)
  return exitCode
}

/** Jobs left to run earlier are asked about beside the command, so that it takes no longer; mostly there are none. */
async function lookForWaiting(cli: Cli): Promise<(() => Promise<void>) | undefined> {
  if (!fs.existsSync(detachedFolder(cli.settings))) return undefined
  return (await import("./waiting-notice.ts")).startWaitingNotice(cli)
}

async function showHelp(cli: Cli, load: () => Promise<import("./command-line/command.ts").Command>): Promise<number> {
  const { renderHelp } = await import("./command-line/help.ts")
  await cli.stdout.write(renderHelp(await load(), cli.stdout.columns))
  return 0
}

/** The message, then what to do. With `--json` also as the last event, where a program reads. */
async function tellError(cli: Cli, error: WindfallError, words: readonly string[]): Promise<void> {
  const end = words.indexOf("--")
  if (words.slice(0, end === -1 ? words.length : end).includes("--json")) {
    // That standard output cannot be written may be the very error.
    await printJson(cli, { type: "error", exitCode: error.exitCode, ...error.toBody() }).catch(() => undefined)
  }
  await sayError(cli, error)
  if (error.code === "internal" && cli.settings.environment.WINDFALL_DEBUG !== undefined) {
    await cli.stderr.write(`${printableLines((error.cause as Error | undefined)?.stack ?? error.stack ?? "")}\n`)
  }
}
