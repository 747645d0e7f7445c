import type { HostAddRequest, JoinStep } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readCount } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, list, notEmpty, value } from "../command-line/option.ts"
import { readJsonLines } from "../event-stream.ts"
import { StatusLine } from "../render/status-line.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { confirmHostKey } from "./host-key.ts"
import { hostPage } from "./host-show.ts"

export const hostAdd = command({
  name: "host add",
  operands: "[USER@]MACHINE",
  about:
    "Lets a machine join over SSH: its key is shown for you to confirm, its system checked, the runtime sent, the agent started. No root, no package, no open port. Jobs of everybody run as the account you name: give Windfall one of its own on that Mac. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {
    name: value(
      "NAME",
      "what to call it (default: as its address says; where that is a number, its own name)",
      notEmpty,
      { short: "n" },
    ),
    port: value("N", "its SSH port, where the ssh configuration does not say", (text) => readCount(text, 1, 65535)),
    owner: value("USER", "whose Mac it is", notEmpty),
    fleet: value("NAME", "the fleet it belongs to", notEmpty),
    label: list("NAME=VALUE", "a label, for instance room=2.14", { short: "l" }),
    fingerprint: value("SHA256:...", "its key, known beforehand: nobody is asked", notEmpty),
    takeOver: flag("take it from another server, if nothing runs there"),
    json: flag("print each step as JSON"),
  },
  examples: [["windfall host add windfall@studio-3.local --owner mia", "mia's Mac, with an account for Windfall"]],
  async run(cli, options, [address = ""]) {
    checkAddress(address)
    const port = options.port ?? null
    const labels = readLabels(options.label)
    const given = { port, name: options.name, owner: options.owner, fleet: options.fleet }
    const again = ["windfall host add", address]
    for (const [flag, text] of Object.entries(given))
      if (text !== null && text !== undefined) again.push(`--${flag} ${text}`)
    for (const label of options.label) again.push(`--label ${label}`)
    const hostKey = address.startsWith(THIS_MACHINE)
      ? ""
      : await confirmHostKey(cli, { address, port, name: options.name ?? null }, options.fingerprint, again.join(" "))
    const request: HostAddRequest = {
      address,
      port,
      name: options.name ?? null,
      owner: options.owner ?? null,
      fleet: options.fleet ?? null,
      labels,
      hostKey,
      takeOver: options.takeOver,
    }
    const body = await cli.client.open("POST", "/v1/hosts", { body: request, changes: true })
    return showSteps(cli, readJsonLines<JoinStep>(body), options.json)
  },
})

/** `local:FOLDER` is the server's own machine, without ssh: there is no key to confirm. */
const THIS_MACHINE = "local:"

function checkAddress(address: string): void {
  if (address.startsWith("-") || /[\s\0]/.test(address) || !/^([^@]+@)?[^@]+$/.test(address)) {
    throw new WindfallError("invalid_input", `Cannot add ${JSON.stringify(address)}: it is no address`, {
      hint: "Write user@mac, or an alias of the server's ssh configuration",
    })
  }
}

function readLabels(texts: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const text of texts) {
    const [, name, label] = /^([A-Za-z0-9._/-]{1,63})=(.{0,255})$/.exec(text) ?? []
    if (name === undefined || label === undefined) {
      throw new WindfallError("invalid_input", `Cannot read the label ${JSON.stringify(text)}: write NAME=VALUE`, {
        hint: "For instance: --label room=2.14. The name has letters, digits, dots, dashes, underscores and slashes",
      })
    }
    labels[name] = label
  }
  return labels
}

const TITLES: Readonly<Record<string, string>> = {
  reach: "reached",
  key: "key",
  system: "system",
  runtime: "runtime",
  agent: "agent",
  facts: "facts",
}

async function showSteps(cli: Cli, steps: AsyncIterable<JoinStep>, json: boolean): Promise<number> {
  const status = new StatusLine(cli.stderr, cli.clock)
  for await (const step of steps) {
    if (json) await printJson(cli, step)
    if (step.step === "failed") {
      await status.clear()
      throw WindfallError.fromBody({ error: step.error })
    }
    if (step.step === "done") {
      await status.clear()
      if (!json) await cli.stdout.write(`\n${hostPage(step.host)}`)
      return 0
    }
    const title = (TITLES[step.step] ?? step.step).padEnd(8)
    if (step.state === "ok") {
      await status.clear()
      if (!json) await cli.stdout.write(`  ${title} ${printable(step.text)}\n`)
    } else {
      const part = step.progress === undefined ? "" : ` ${Math.round(step.progress * 100)}%`
      await status.show(`  ${title} ${printable(step.text)}${part} ...`)
    }
  }
  throw new WindfallError("link_lost", "Cannot tell whether the host joined: the server's answer broke off", {
    hint: "Look: windfall host ls",
  })
}
