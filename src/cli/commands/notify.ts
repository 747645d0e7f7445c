import { durationText, formatDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { isId } from "../../protocol/ids.ts"
import { MOST_JOB_TARGETS, type NotifyOn, readNotifyOn } from "../../protocol/notify.ts"
import type { NotifySet, NotifyTest, TargetView } from "../../protocol/notify-api.ts"
import { readTarget, TARGET_SHAPES, targetText } from "../../protocol/notify-target.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { askSecret, askYes, readStdinText } from "../prompt.ts"
import { formatTime } from "../render/age.ts"
import { printable, renderTable } from "../render/table.ts"
import { printJson, say } from "../say.ts"

const MAX_STDIN_BYTES = 64 * 1024

export const notifySet = command({
  name: "notify set",
  operands: "[TARGET...]",
  about:
    "Has these, and no others, told what becomes of your jobs: https://... (a webhook, also Slack's and Discord's own), ntfy://TOPIC, ntfy://HOST/TOPIC, slack+https://..., discord+https://... An address is a secret: on the command line others on this machine may see it, so without TARGET it is asked for, or read from standard input, one a line.",
  minimum: 0,
  maximum: MOST_JOB_TARGETS,
  options: {
    on: value(
      "REASONS",
      "of what: done, failed, stalled[=30m] (no output and no CPU used), vacated (had to leave its host), waiting[=1h] (default: all)",
      (text) => readNotifyOn([text]),
    ),
    json: flag("print the targets as JSON, one a line, with the secrets that messages are signed with"),
  },
  examples: [
    ["windfall notify set", "asks for the address"],
    ["windfall notify set --on failed,stalled=10m < targets.txt", "addresses from a file"],
    ["windfall notify set ntfy://lena-jobs", "a topic of ntfy.sh, for your phone"],
  ],
  async run(cli, options, operands) {
    const targets = operands.length > 0 ? operands : await typedTargets(cli)
    for (const target of targets) checkTarget(target)
    const set = await cli.client.put<NotifySet>("/v1/notify", { targets, on: options.on ?? null })
    if (options.json) for (const target of set.targets) await printJson(cli, target)
    else {
      for (const target of set.targets) {
        await cli.stdout.write(`${printable(targetText(target))} is told of: ${onText(target.on)}\n`)
        if (target.secret === undefined) continue
        await cli.stdout.write(
          `Its messages are signed; the secret to check them with, shown this once: ${target.secret}\n`,
        )
      }
      await say(cli, "try it: windfall notify test")
    }
    return 0
  },
})

export const notifyShow = command({
  name: "notify show",
  operands: "",
  about: "Shows whom your jobs tell, of what, and whether it is taken. Addresses never come back.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the targets as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { targets } = await cli.client.get<{ targets: TargetView[] }>("/v1/notify")
    if (options.json) for (const target of targets) await printJson(cli, target)
    else if (targets.length === 0) await cli.stdout.write("Nobody is told. Have somebody told: windfall notify set\n")
    else {
      const columns = [{ title: "TARGET" }, { title: "OF" }, { title: "STANDS" }, { title: "ID" }]
      const rows = targets.map((target) => [
        targetText(target),
        target.isDefault ? onText(target.on) : "(jobs that name it)",
        standingText(target, cli.clock.now()),
        target.id,
      ])
      await cli.stdout.write(renderTable(columns, rows))
    }
    return 0
  },
})

export const notifyRm = command({
  name: "notify rm",
  operands: "[ID...]",
  about:
    "Has targets told no more, and drops what waits to be sent there. Without ID all of yours, also those that jobs named.",
  minimum: 0,
  maximum: 100,
  options: { yes: flag("do not ask", { short: "y" }) },
  examples: [],
  async run(cli, options, ids) {
    if (ids.length === 0) {
      if (cli.isInteractive && !options.yes && !(await askYes(cli, "Remove all your targets?"))) return 0
      await cli.client.delete("/v1/notify")
      await cli.stdout.write("Nobody is told any more.\n")
    }
    for (const id of ids) {
      await cli.client.delete(`/v1/notify/${encodeURIComponent(id)}`)
      await cli.stdout.write(`${id} is removed\n`)
    }
    return 0
  },
})

export const notifyTest = command({
  name: "notify test",
  operands: "",
  about:
    "Tells your targets that they can be reached, and says what became of it. The exit code is 1 when one was not.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print what became of each as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    if (cli.stderr.isTerminal && !options.json) await say(cli, "telling your targets, for ten seconds at most ...")
    const { results } = await cli.client.post<NotifyTest>("/v1/notify/test", {})
    if (results.length === 0) {
      throw new WindfallError("wrong_state", "Cannot tell anybody: your jobs have no target", {
        hint: "Name one: windfall notify set",
      })
    }
    for (const result of results) {
      const text = result.problem === null ? "was told" : `was not told: ${result.problem}`
      if (options.json) await printJson(cli, result)
      else await cli.stdout.write(`${printable(`${targetText(result)} ${text}`)}\n`)
    }
    return results.every(({ problem }) => problem === null) ? 0 : 1
  },
})

async function typedTargets(cli: Cli): Promise<readonly string[]> {
  const text = cli.isInteractive ? await askSecret(cli, "Target (address): ") : await readStdinText(MAX_STDIN_BYTES)
  const targets = text.split(/\s+/).filter((word) => word !== "")
  if (targets.length === 0) {
    throw new WindfallError("invalid_input", "Cannot set whom to tell: no target was given", {
      hint: `Known: ${TARGET_SHAPES}. To tell nobody: windfall notify rm`,
    })
  }
  return targets
}

/** Nothing of what was typed is repeated: it may be a secret. */
function checkTarget(target: string): void {
  if (isId("n", target)) return
  try {
    readTarget(target)
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot tell this target: ${(error as SyntaxError).message}`, {
      hint: `Known: ${TARGET_SHAPES}`,
    })
  }
}

/** As `--on` takes it. */
function onText({ reasons, stalledMs, waitingMs }: NotifyOn): string {
  const after = { stalled: stalledMs, waiting: waitingMs }
  return reasons
    .map((reason) =>
      reason === "stalled" || reason === "waiting" ? `${reason}=${durationText(after[reason])}` : reason,
    )
    .join(",")
}

function standingText({ problem, failingSince, waiting, dropped, deliveredAt }: TargetView, now: number): string {
  if (problem !== null && failingSince !== null) {
    const counts = `${waiting} wait${dropped === 0 ? "" : `, ${dropped} given up`}`
    return `failing for ${formatDuration(Math.max(0, now - failingSince))}: ${problem} (${counts})`
  }
  if (waiting > 0) return `${waiting} on the way`
  return deliveredAt === null ? "nothing sent yet" : `told at ${formatTime(deliveredAt)}`
}
